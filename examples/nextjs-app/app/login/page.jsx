import { SignIn } from "./sign-in.jsx";

export default async function Login({ searchParams }) {
  const { next } = await searchParams;
  return (
    <>
      <h1>Sign in</h1>
      <SignIn next={next} />
    </>
  );
}
