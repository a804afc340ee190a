"""Parts, one by one."""
