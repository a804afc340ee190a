//! What is true: accounts, sessions, tokens, policy and the use cases of ntt-auth
