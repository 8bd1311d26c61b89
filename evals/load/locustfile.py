"""Users of locust who ask a question every two seconds; a refusal is right if it says when to come again."""

from __future__ import annotations

from itertools import cycle

from locust import constant_pacing, task
from locust.contrib.fasthttp import FastHttpUser

from evals.load.clients import questions

asked = cycle(questions())


class Asking(FastHttpUser):
    """Somebody who asks."""

    wait_time = constant_pacing(2)

    @task
    def ask(self) -> None:
        """Ask the next question; each status is a row of the report."""
        with self.client.post("/v1/ask", json={"question": next(asked)}, catch_response=True) as got:
            got.request_meta["name"] = str(got.status_code)
            if got.status_code == 200:
                got.success() if got.json()["text"] else got.failure("an answer without text")
            elif got.status_code in (429, 503):
                again = got.headers.get("Retry-After", "")
                wrong = f"{got.status_code} with Retry-After {again!r} and {got.headers.get('Content-Type')}"
                right = again.isdigit() and got.headers.get("Content-Type") == "application/problem+json"
                got.success() if right else got.failure(wrong)
            else:
                got.failure(f"status {got.status_code}")
