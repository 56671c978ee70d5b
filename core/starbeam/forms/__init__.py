"""Forms of web pages: how they are described, what they store, and what is made in place of one."""
