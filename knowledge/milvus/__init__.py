"""A collection kept in a Milvus cluster: the same interface as the SQLite store, `knowledge.passage_store`."""
