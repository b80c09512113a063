from __future__ import annotations

import threading

from handtint.server.mailbox import Job, Mailbox
from handtint.wire.messages import GetStatus

ALICE, BOB = b"alice", b"bob"


def job(client: bytes, document: str, id: int = 0, nbytes: int = 0) -> Job:
    return Job(client, document, GetStatus(id), nbytes)


def test_newer_request_takes_the_place_and_the_turn_of_the_older() -> None:
    mailbox = Mailbox()
    old, other, new = job(ALICE, "cat"), job(ALICE, "dog"), job(ALICE, "cat")
    mailbox.put(old)
    mailbox.put(other)
    assert mailbox.put(new).replaced is old
    assert old.ended_by == "superseded"
    assert [mailbox.take(0), mailbox.take(0), mailbox.take(0)] == [new, other, None]


def test_newer_request_calls_off_the_running_one() -> None:
    mailbox = Mailbox()
    running, new = job(ALICE, "cat"), job(ALICE, "cat")
    mailbox.put(running)
    assert mailbox.take(0) is running
    assert mailbox.put(new).replaced is None
    assert running.cancelled()
    assert running.ended_by == "superseded"
    assert not new.cancelled()


def test_same_document_name_of_another_client_is_another_document() -> None:
    mailbox = Mailbox()
    hers, his = job(ALICE, "cat"), job(BOB, "cat")
    mailbox.put(hers)
    assert mailbox.put(his).replaced is None
    assert not hers.cancelled()


def test_documents_take_turns_however_busy_one_of_them_is() -> None:
    mailbox = Mailbox()
    order = []
    mailbox.put(job(ALICE, "cat"))
    mailbox.put(job(BOB, "dog"))
    for _ in range(6):
        taken = mailbox.take(0)
        assert taken is not None
        order.append(taken.document)
        mailbox.done(taken)
        mailbox.put(job(taken.client, taken.document))
        mailbox.put(job(ALICE, "cat"))
    assert order == ["cat", "dog"] * 3


def test_replaced_planes_are_left_over_for_the_worker() -> None:
    mailbox = Mailbox()
    first, second, third = (job(ALICE, "cat", id) for id in range(3))
    for each in (first, second, third):
        mailbox.put(each)
    assert mailbox.leftovers() == [first, second]
    assert mailbox.leftovers() == []


def test_leftovers_are_bounded_by_bytes() -> None:
    mailbox = Mailbox(max_bytes=100)
    for id in range(4):
        mailbox.put(job(ALICE, "cat", id, nbytes=60))
    assert [each.request.id for each in mailbox.leftovers()] == [2]


def test_full_by_count() -> None:
    mailbox = Mailbox(max_waiting=2)
    assert mailbox.put(job(ALICE, "1")).accepted
    assert mailbox.put(job(ALICE, "2")).accepted
    assert not mailbox.put(job(ALICE, "3")).accepted
    assert mailbox.put(job(ALICE, "2")).accepted


def test_full_by_bytes_but_never_for_a_single_request() -> None:
    mailbox = Mailbox(max_bytes=100)
    assert mailbox.put(job(ALICE, "1", nbytes=500)).accepted
    assert not mailbox.put(job(BOB, "2", nbytes=1)).accepted
    mailbox.take(0)
    assert mailbox.put(job(BOB, "2", nbytes=1)).accepted


def test_cancel_finds_waiting_and_running_requests_of_that_client_only() -> None:
    mailbox = Mailbox()
    running, waiting = job(ALICE, "cat", 1), job(ALICE, "dog", 2)
    mailbox.put(running)
    mailbox.put(waiting)
    mailbox.take(0)
    assert mailbox.cancel(BOB, 1) is None
    assert mailbox.cancel(ALICE, 1) is running
    assert mailbox.cancel(ALICE, 2) is waiting
    assert mailbox.cancel(ALICE, 2) is None
    assert running.taken
    assert not waiting.taken
    assert mailbox.take(0) is None


def test_vanished_client_loses_its_work_and_nobody_elses() -> None:
    mailbox = Mailbox()
    running, waiting, other = job(ALICE, "cat"), job(ALICE, "dog"), job(BOB, "cat")
    for each in (running, waiting, other):
        mailbox.put(each)
    mailbox.take(0)
    assert mailbox.drop_client(ALICE) == [running, waiting]
    assert running.ended_by == waiting.ended_by == "gone"
    assert mailbox.leftovers() == []
    assert mailbox.take(0) is other


def test_first_reason_stands() -> None:
    ended = job(ALICE, "cat")
    ended.end("superseded")
    ended.end("gone")
    assert ended.ended_by == "superseded"


def test_close_lets_the_running_one_finish_if_told_so() -> None:
    for finish_running in (True, False):
        mailbox = Mailbox()
        running, waiting = job(ALICE, "cat"), job(ALICE, "dog")
        mailbox.put(running)
        mailbox.put(waiting)
        mailbox.take(0)
        called_off = mailbox.close(finish_running=finish_running)
        assert called_off == ([waiting] if finish_running else [running, waiting])
        assert not mailbox.put(job(ALICE, "cow")).accepted
        assert mailbox.take() is None


def test_take_waits_for_a_job_from_another_thread() -> None:
    mailbox = Mailbox()
    taken: list[Job | None] = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take(30)))
    thread.start()
    sent = job(ALICE, "cat")
    mailbox.put(sent)
    thread.join(30)
    assert taken == [sent]
