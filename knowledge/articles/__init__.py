"""The shipped collection: Markdown files with front matter, read by ``knowledge.load.load_shipped``."""
