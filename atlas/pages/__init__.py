"""The pages of a release: a folder of static files that shows its public tables in a browser, without network and without a server."""

from atlas.pages.packer import Pages, write_pages

__all__ = ["Pages", "write_pages"]
