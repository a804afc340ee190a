//! bcrypt, several independent hashes at once in one thread
