"""A new release beside the last one: what the two together say about suppressed cells, and which further cells the new
one has to suppress. docs/methods/confidentiality.md describes attacker, guarantee and limits.

    cells      the counts that a public file states for a reference year
    geography  which units two vintages have in common, and how the others add up
    links      which cells are one quantity in both releases
    system     the unknown numbers of both releases and every sum that holds among them
    bounds     the whole numbers that fit all of it
    remedy     the cells that the new release suppresses besides
    step       the step of a release: attack, suppress, stop or consent

Reads public files alone; what it returns names cells by public codes.
"""
