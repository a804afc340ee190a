"""Makes methods of plans: the same operation, blocking or to be awaited."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from ntt_auth_client._core.effects import Plan, Stream
from ntt_auth_client._core.settings import Context
from ntt_auth_client._drivers.awaiting import AwaitingDriver
from ntt_auth_client._drivers.blocking import BlockingDriver

P = ParamSpec("P")
T = TypeVar("T")


class BlockingNoun:
    """A group of operations that wait for their answers."""

    def __init__(self, context: Context, driver: BlockingDriver) -> None:
        """Perform them by this driver."""
        self.context = context
        self.driver = driver


class AwaitingNoun:
    """A group of operations whose answers are awaited."""

    def __init__(self, context: Context, driver: AwaitingDriver) -> None:
        """Perform them by this driver."""
        self.context = context
        self.driver = driver


class _Bound(Generic[P, T]):
    """An operation as a method: the signature and the documentation of the plan, without its context."""

    def __init__(self, plan: Callable[Concatenate[Context, P], T]) -> None:
        self._plan = plan
        self._signature = _without_context(plan)
        self.__doc__ = plan.__doc__

    def __set_name__(self, owner: type[object], name: str) -> None:
        self.__name__ = name
        self.__qualname__ = f"{owner.__qualname__}.{name}"

    def _method(self, function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = self.__name__
        function.__qualname__ = self.__qualname__
        function.__doc__ = self.__doc__
        function.__dict__["__signature__"] = self._signature
        return function


class Blocking(_Bound[P, Plan[T]], Generic[P, T]):
    """A method that performs a plan and returns its result."""

    @overload
    def __get__(self, noun: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, noun: BlockingNoun, owner: type[object]) -> Callable[P, T]: ...
    def __get__(self, noun: BlockingNoun | None, owner: type[object]) -> Self | Callable[P, T]:
        """Return the method of a noun."""
        if noun is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return noun.driver.run(self._plan(noun.context, *args, **kwargs))

        return self._method(method)


class Awaiting(_Bound[P, Plan[T]], Generic[P, T]):
    """A coroutine method that performs a plan and returns its result."""

    @overload
    def __get__(self, noun: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, noun: AwaitingNoun, owner: type[object]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, noun: AwaitingNoun | None, owner: type[object]) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        """Return the method of a noun."""
        if noun is None:
            return self

        async def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return await noun.driver.run(self._plan(noun.context, *args, **kwargs))

        return self._method(method)


class BlockingStream(_Bound[P, Stream[T]], Generic[P, T]):
    """A method that gives what a plan emits, one after another."""

    @overload
    def __get__(self, noun: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, noun: BlockingNoun, owner: type[object]) -> Callable[P, Generator[T, None, None]]: ...
    def __get__(self, noun: BlockingNoun | None, owner: type[object]) -> Self | Callable[P, Generator[T, None, None]]:
        """Return the method of a noun."""
        if noun is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
            return noun.driver.stream(self._plan(noun.context, *args, **kwargs))

        return self._method(method)


class AwaitingStream(_Bound[P, Stream[T]], Generic[P, T]):
    """A method that gives what a plan emits, for `async for`."""

    @overload
    def __get__(self, noun: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, noun: AwaitingNoun, owner: type[object]) -> Callable[P, AsyncGenerator[T, None]]: ...
    def __get__(self, noun: AwaitingNoun | None, owner: type[object]) -> Self | Callable[P, AsyncGenerator[T, None]]:
        """Return the method of a noun."""
        if noun is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
            return noun.driver.stream(self._plan(noun.context, *args, **kwargs))

        return self._method(method)


def _without_context(plan: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(plan)
    result = RESULT.fullmatch(str(signature.return_annotation))
    return signature.replace(
        parameters=list(signature.parameters.values())[1:],
        return_annotation=result.group(1) if result else signature.return_annotation,
    )


RESULT = re.compile(r"(?:Plan|Stream)\[(.*)\]")
