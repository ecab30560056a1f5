"""The gallery: a folder of plain pages, one a lesson and one of them all, that open without a server or a network."""
