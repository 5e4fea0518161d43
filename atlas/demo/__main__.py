"""`python -m atlas.demo`: the generator in a process of its own."""

from atlas.demo import main

main()
