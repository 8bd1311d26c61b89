"""The one file that imports pymilvus: what is asked of a cluster, and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from knowledge.errors import KnowledgeError, StoreUnreachable
from knowledge.milvus import tables
from knowledge.milvus.address import Address

INSERTED_BYTES = 8 * 2**20
"""About how much is sent in one insertion; a cluster takes 64 MB unless it is told otherwise."""

CONNECTING_SECONDS = 5.0
"""How long a cluster may take to let us in."""

PAGE = 500
"""Rows that are read or deleted at a time."""

Row = dict[str, Any]


class Client:
    """A connection to one collection of a cluster. Safe to use from several threads.

    Args:
        address: Where it is.
        token: ``USER:PASSWORD`` or an API key, "" for a cluster that asks for none.
        timeout: Seconds that a request may take.

    Raises:
        StoreUnreachable: The cluster does not answer, or does not let us in.
    """

    def __init__(self, address: Address, *, token: str = "", timeout: float = 20.0) -> None:
        from pymilvus import MilvusClient

        # What goes wrong is said once, by us; pymilvus would print each failure with a traceback.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self.address = address
        self._timeout = timeout
        with self._explained():
            # A connection of its own: pymilvus would share one, and closing it here would close it for others.
            self._client: Any = MilvusClient(
                address.uri,
                token=token,
                db_name=address.database,
                timeout=CONNECTING_SECONDS,
                dedicated=True,
                # pymilvus pings every ten seconds also when it asks nothing; a server that minds hangs up.
                grpc_options={"grpc.keepalive_permit_without_calls": False},
            )
            self._lite = str(self._client.get_server_version()).startswith("milvus_lite")

    def name(self, table: str) -> str:
        """Return what a table is called in the cluster."""
        return f"{self.address.collection}_{table}"

    def collections(self) -> list[str]:
        """Return what `Address.collection` can be for the collections that are in the database."""
        with self._explained():
            known = set(self._client.list_collections(timeout=self._timeout))
        ending = f"_{tables.STATE}"
        stems = [name.removesuffix(ending) for name in known if name.endswith(ending)]
        return sorted(one for one in stems if {f"{one}_{tables.PASSAGES}", f"{one}_{tables.PARTS}"} <= known)

    def has(self, table: str) -> bool:
        """Tell whether there is such a table."""
        with self._explained():
            return bool(self._client.has_collection(self.name(table), timeout=self._timeout))

    def create(self, table: str, dimension: int) -> None:
        """Make a table unless it is there, and let it be searched."""
        from pymilvus import DataType

        if self.has(table):
            return
        with self._explained():
            schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
            indexes = self._client.prepare_index_params()
            tables.describe(table, dimension, schema, indexes, DataType, index_lists=not self._lite)
            self._client.create_collection(
                self.name(table),
                schema=schema,
                # Whoever reads sees what was written before, from wherever.
                consistency_level="Strong",
                properties={"mmap.enabled": "true"} if table == tables.PARTS else None,
                timeout=self._timeout,
            )
            # Not waited for: a table without rows has nothing to index, and pymilvus would wait half a second for each.
            self._client.create_index(self.name(table), indexes, timeout=self._timeout, sync=False)
            self._client.load_collection(self.name(table), timeout=self._timeout)

    def load(self, table: str) -> None:
        """Let a table be searched that somebody released, or that a cluster has not loaded since it started."""
        with self._explained():
            self._client.load_collection(self.name(table), timeout=self._timeout)

    def drop(self, table: str) -> None:
        """Remove a table with all that is in it."""
        with self._explained():
            self._client.drop_collection(self.name(table), timeout=self._timeout)

    def insert(self, table: str, rows: Sequence[Row], *, before_each: Callable[[], None]) -> None:
        """Add rows, as many at a time as one request may hold.

        Args:
            table: Where.
            rows: The rows.
            before_each: Called before each request.
        """
        group: list[Row] = []
        size = 0
        for at, row in enumerate(rows):
            group.append(row)
            size += sum(map(_bytes, row.values()))
            if size >= INSERTED_BYTES or at == len(rows) - 1:
                before_each()
                self._write("insert", table, group)
                group, size = [], 0

    def upsert(self, table: str, row: Row) -> None:
        """Write a row in place of the one with its key; readers see the old one or the new one."""
        self._write("upsert", table, [row])

    def delete(self, table: str, condition: str) -> None:
        """Remove the rows of which a filter is true."""
        with self._explained():
            self._client.delete(self.name(table), filter=condition, timeout=self._timeout)

    def rows(self, table: str, condition: str, fields: Sequence[str]) -> list[Row]:
        """Return the rows of which a filter is true, in no order, however many there are."""
        return [row for page in self.pages(table, condition, fields) for row in page]

    def pages(self, table: str, condition: str, fields: Sequence[str], size: int = PAGE) -> Iterator[list[Row]]:
        """Return the same page by page."""
        with self._explained():
            pages = self._client.query_iterator(
                self.name(table),
                filter=condition,
                output_fields=list(fields),
                batch_size=size,
                consistency_level="Strong",
                timeout=self._timeout,
            )
        try:
            while True:
                with self._explained():
                    page = pages.next()
                if not page:
                    return
                yield [dict(row) for row in page]
        finally:
            pages.close()

    def some(self, table: str, condition: str, fields: Sequence[str], limit: int) -> list[Row]:
        """Return at most `limit` rows of which a filter is true."""
        return [dict(row) for row in self._query(table, condition, list(fields), limit=limit)]

    def count(self, table: str, condition: str) -> int:
        """Return of how many rows a filter is true."""
        return int(self._query(table, condition, ["count(*)"])[0]["count(*)"])

    def nearest(self, table: str, field: str, query: Any, k: int, condition: str) -> list[tuple[str, float, str]]:
        """Return the id, inner product and key of the rows whose vector in `field` is nearest to a query."""
        with self._explained():
            (found,) = self._client.search(
                self.name(table),
                data=[query],
                anns_field=field,
                limit=k,
                filter=condition,
                output_fields=["id"],
                search_params={"metric_type": "IP"},
                consistency_level="Strong",
                timeout=self._timeout,
            )
        return [(hit["entity"]["id"], float(hit["distance"]), hit["key"]) for hit in found]

    def hybrid(self, table: str, queries: Sequence[tuple[str, Any]], k: int, condition: str) -> list[str]:
        """Return the ids of the `k` rows nearest to each query, in one search; a query is a field and a vector."""
        from pymilvus import AnnSearchRequest, RRFRanker

        with self._explained():
            requests = [
                AnnSearchRequest([query], field, {"metric_type": "IP"}, k, expr=condition) for field, query in queries
            ]
            (found,) = self._client.hybrid_search(
                self.name(table),
                reqs=requests,
                ranker=RRFRanker(),
                limit=k * len(requests),
                output_fields=["id"],
                consistency_level="Strong",
                timeout=self._timeout,
            )
        return [hit["entity"]["id"] for hit in found]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _query(self, table: str, condition: str, fields: list[str], **options: Any) -> Any:
        with self._explained():
            return self._client.query(
                self.name(table),
                filter=condition,
                output_fields=fields,
                consistency_level="Strong",
                timeout=self._timeout,
                **options,
            )

    def _write(self, action: str, table: str, rows: list[Row]) -> None:
        with self._explained():
            getattr(self._client, action)(self.name(table), rows, timeout=self._timeout)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn Milvus' errors into ours."""
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException, MilvusUnavailableException, ParamError

        unreachable = StoreUnreachable(
            f"The store {self.address} does not answer.",
            hint="Check WENJU_STORE and that the Milvus server runs; MILVUS_TOKEN where it asks for a password.",
        )
        try:
            yield
        except (MilvusUnavailableException, RpcError) as error:
            raise unreachable from error
        except ParamError as error:
            raise KnowledgeError(f"Milvus cannot take this: {_line(error)}.", hint="Check WENJU_STORE.") from error
        except MilvusException as error:
            # pymilvus gives a connection that fails the code of a wrong connection; a time that is up has none.
            if error.code == 2 or "connect" in _line(error).lower() or "deadline" in _line(error).lower():
                raise unreachable from error
            raise KnowledgeError(
                f"The store {self.address} refuses: {_line(error)}.", hint="Check WENJU_STORE and the Milvus server."
            ) from error


def _bytes(value: Any) -> int:
    """Return about how many bytes a field takes on its way."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(len(one) if isinstance(one, str) else 4 for one in value)
    return 8 * len(value) if isinstance(value, Mapping) else 8


def _line(error: Exception) -> str:
    said = str(getattr(error, "message", "") or error).strip()
    return said.splitlines()[0].rstrip(".") if said else type(error).__name__
