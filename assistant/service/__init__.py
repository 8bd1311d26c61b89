"""Wenju as a service: an HTTP API that gives the same `Answer` as everywhere ([docs/service.md]).

- ``options``: its limits. ``keys``: who may do what. ``problems``: errors as problem+json.
- ``lanes``: bounded threads; who comes when all places are taken is told so at once.
- ``gate``: keys, rates, sizes, slow bodies, request ids, logs and metrics, before any route.
- ``schemas``: what goes in and out. ``answering``: one question, whole or as a stream.
- ``beside``: the chat page at the same address.
- ``routes_*``, ``openai_chat``: the routes. ``app``: all of it put together. ``server``: served until it is stopped;
  ``port``: where.
- ``mcp_tools``, ``mcp_server``: four tools for programs that speak the Model Context Protocol.
"""

from __future__ import annotations
