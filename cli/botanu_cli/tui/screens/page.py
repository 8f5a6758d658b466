"""What the six screens have in common: they ask the store in a worker, show answers as they come, and say what is wrong when none do."""

from __future__ import annotations

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Textual leaves the type of its app and of workers open.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botanu_store.errors import InputError, NotFound, StoreError, StoreUnavailable
from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import Worker, get_current_worker

from botanu_cli import text
from botanu_cli.tui.answers import MOVING_SECONDS
from botanu_cli.tui.messages import Answered, Draining, Empty, Failed, Finished
from botanu_cli.tui.reader import Reader, Scope, Stopped
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.masthead import Masthead, ScopeLine
from botanu_cli.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.layout import Layout
    from botanu_cli.settings import Settings
    from botanu_cli.tui.app import Dashboard


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which field rows are sorted, and which way."""

    field: str
    descending: bool = True

    @property
    def mark(self) -> tuple[str, bool]:
        """What a grid shows of it."""
        return self.field, self.descending

    def asked(self, field: str) -> Sorting:
        """Return what comes of asking for a field: it, or the other way round."""
        return Sorting(field, not self.descending if field == self.field else True)

    def rows(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows in this order; those that say nothing of it come last."""
        said = [row for row in rows if row.get(self.field) is not None]
        silent = [row for row in rows if row.get(self.field) is None]
        return sorted(said, key=lambda row: row[self.field], reverse=self.descending) + silent


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask the store, and what to do with the answer on the screen."""

    ask: Callable[[Store], Any]
    show: Callable[[Any], None]
    name: str = ""
    """What is asked, beside the view: screens that ask the same say the same; empty where no other does."""


class Page(Screen[None]):
    """One of the screens by number key."""

    PAGE: ClassVar[str]
    MAIN: ClassVar[str]
    """The widget that keys go to."""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.round = 0
        """Counts askings: an answer to an earlier one comes too late."""
        self.sorting = Sorting("")
        self._asked_at = 0.0
        self._looked_at: tuple[object, ...] = ()
        self._begun = 0
        self._answered = False
        self._told = 0
        """The asking of which something was said last: that it is being read is said no more."""

    @property
    def dashboard(self) -> Dashboard:
        """The app, by its own type."""
        return cast("Dashboard", self.app)

    @property
    def reader(self) -> Reader:
        """The way to the store."""
        return self.dashboard.reader

    def compose(self) -> ComposeResult:
        """Lay out what all screens share around the screen's own."""
        yield Masthead(self.PAGE)
        yield ScopeLine()
        with Container(id="body"):
            yield from self.compose_body()
        yield Notice(id="notice")
        yield Static(id="coverage", markup=False)
        yield Footer(show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        """Lay out the screen's own."""
        raise NotImplementedError

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Return what to ask, the most wanted first."""
        raise NotImplementedError

    @property
    def flags(self) -> list[str]:
        """The words that make a command line look at the same."""
        return self.dashboard.view.flags()

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        raise NotImplementedError

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return what is shown as a report, to be written to a file."""
        raise NotImplementedError

    def sortable(self) -> dict[str, str]:
        """Return the fields that rows can be sorted by, and what they are called."""
        return {}

    def sort_by(self, field: str) -> None:
        """Sort by a field, or the other way round where it is sorted by that."""

    def selected_run(self) -> str | None:
        """Return the id of the run that is looked at, None where there is none."""
        return None

    def selected_trace(self) -> dict[str, str] | None:
        """Return what a trace viewer's address can name: trace, span and run; None where none of it is known."""
        return None

    # Asking

    def on_screen_resume(self) -> None:
        """Ask when this was never asked, or is not what is looked at now."""
        self.show_view()
        self.refresh_if_changed()

    def on_screen_suspend(self) -> None:
        """Stop asking for what nobody sees."""
        if self not in self.app.screen_stack:
            self.stop()

    def refresh_if_changed(self) -> None:
        """Ask again if the store or the view has changed since, or the interval has moved on with the clock."""
        moved = self.dashboard.view.moving and monotonic() - self._asked_at > MOVING_SECONDS
        if moved or self._looked_at != self._now():
            self.ask()

    def ask(self) -> None:
        """Ask the store; whatever was asked before is not wanted any more."""
        self.stop()
        self.round += 1
        self._looked_at, self._asked_at = self._now(), monotonic()
        self.show_view()
        if (self._answered or self.round == 1) and self.show_known():
            self._told = self.round
            self._put_notice(shown=False)
        if not self._answered:
            self.set_timer(0.3, self._say_reading)
        self._work(self.round, self.dashboard.view)

    def show_known(self) -> bool:
        """Show what is known before the store answers; return whether there is any."""
        return False

    def looked_at(self) -> object:
        """Return what else than the view decides what is asked."""
        return None

    def _now(self) -> tuple[object, ...]:
        return self.reader.fingerprint(), self.dashboard.view, self.looked_at()

    def stop(self) -> None:
        """Stop asking; what was not answered is asked again when it is next looked at."""
        if self._busy:
            self._looked_at = ()
        self.workers.cancel_group(self, "store")
        self.reader.stop(self)

    @property
    def _busy(self) -> bool:
        return any(worker.node is self and not worker.is_finished for worker in self.workers)

    @work(thread=True, exclusive=True, group="store", exit_on_error=False)
    def _work(self, number: int, view: View) -> None:
        worker: Worker[Any] = get_current_worker()
        try:
            self._ask_all(worker, number, view)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001 - every error is drawn, and one of a stopped query is nobody's
            if not worker.is_cancelled:
                self.post_message(Failed(number, error))

    def _ask_all(self, worker: Worker[Any], number: int, view: View) -> None:
        questions = self.questions(self.reader.scope(view))
        before = self.reader.fingerprint()
        known = self.reader.answers.known(before, view)
        for question in questions:
            if question.name in known:
                self.post_message(Answered(number, question.show, known[question.name]))
        if all(question.name in known for question in questions):
            self.post_message(Finished(number, before, 0))
            return

        def progress(segments: int) -> None:
            self.post_message(Draining(number, segments))

        with self.reader.store(self, lambda: worker.is_cancelled, progress) as store:
            answers: dict[str, Any] = {}
            if store.empty:
                self.post_message(Empty(number))
            else:
                # If spans have come in, what was known is not all there is.
                left_out = known if self.reader.fingerprint() == before else {}
                asked = [question for question in questions if question.name not in left_out]
                answers = self._ask(worker, number, store, asked)
        self.reader.answers.keep(self.reader.last, view, answers)
        self.post_message(Finished(number, self.reader.last, store.drained.rejected_count))

    def _ask(self, worker: Worker[Any], number: int, store: Store, questions: Sequence[Question]) -> dict[str, Any]:
        """Ask one question after the other, and return the answers that other screens may want."""
        answers: dict[str, Any] = {}
        for question in questions:
            answer = self.reader.answer(store, question.ask)
            if worker.is_cancelled:
                raise Stopped
            self.post_message(Answered(number, question.show, answer))
            if question.name:
                answers[question.name] = answer
        return answers

    # Showing

    def on_answered(self, message: Answered) -> None:
        """Show an answer."""
        if message.round != self.round:
            return
        if message.round != self._begun:
            self._begun, self._answered = message.round, True
            self._put_notice(shown=False)
        message.show(message.answer)

    def on_finished(self, message: Finished) -> None:
        """Say when this was read."""
        if message.round != self.round:
            return
        if self._looked_at:
            self._looked_at = (message.fingerprint, *self._looked_at[1:])
        rejected = f"{text.counted(message.rejected, 'part')} rejected · " if message.rejected else ""
        self.query_one(ScopeLine).note = f"{rejected}read {self.dashboard.now():%H:%M:%S}"

    def on_draining(self, message: Draining) -> None:
        """Say that spans are being taken in."""
        if message.round == self.round:
            self.query_one(ScopeLine).note = f"taking in spans, {text.counted(message.segments, 'segment')} so far"

    def on_failed(self, message: Failed) -> None:
        """Draw the error; what was read before stays in sight where the store is only busy."""
        if message.round != self.round:
            return
        self._looked_at = ()
        title, *lines = explained(message.error, self.reader.settings.store_name)
        if self._answered and isinstance(message.error, StoreUnavailable):
            self.query_one(ScopeLine).note = "store in use · trying again"
            return
        self._answered, self._told = False, self.round
        self.query_one(ScopeLine).note = ""
        self.notice.say(title, *lines, style="bold $text-error")
        self._put_notice(shown=True)

    @property
    def notice(self) -> Notice:
        """What stands where there is nothing to show."""
        return self.query_one(Notice)

    def show_coverage(self, line: str) -> None:
        """Say what the totals rest on."""
        self.query_one("#coverage", Static).update(Content(line))

    def show_view(self) -> None:
        """Say what is looked at, and whether it is live."""
        self.query_one(ScopeLine).view = self.dashboard.view
        live = not self.dashboard.paused
        self.query_one(Masthead).say("● live" if live else "❚❚ paused", "$text-success" if live else "$text-warning")

    def say(self, title: str, *lines: str) -> None:
        """Say something where there is nothing to show."""
        self.notice.say(title, *lines)
        self._put_notice(shown=True)

    def say_nothing_matches(self, noun: str) -> None:
        """Say that no row is left under the filters, or that there is none without them."""
        if not self.dashboard.view.narrowed:
            self.say(f"There are no {noun} yet.", "They appear here as they happen.")
            return
        self.say(f"No {noun} match.", "Press / to change the filters, t for another interval, x to see everything.")

    def _say_reading(self) -> None:
        if not self._answered and self._busy and self._told != self.round:
            self.notice.say("Reading the store …", style="$foreground 60%")
            self._put_notice(shown=True)

    def on_empty(self, message: Empty) -> None:
        """Say how to fill the store."""
        if message.round != self.round:
            return
        self._answered, self._told = False, self.round
        settings = self.reader.settings
        self.notice.say(f"Nothing is in {text.safe(settings.store_name)} yet.", *how_to_fill(settings))
        self._put_notice(shown=True)

    def _put_notice(self, *, shown: bool) -> None:
        self.query_one("#body").display = not shown
        self.notice.display = shown
        if shown:
            # What was read before is not what is said now.
            self.show_coverage("")
        if self.focused is None and not shown:
            # What is hidden loses the focus; and what is focused must not scroll the screen.
            self.query_one(self.MAIN).focus(scroll_visible=False)


def how_to_fill(settings: Settings) -> Sequence[str]:
    """Return what to do about an empty store: this one, wherever it is."""
    flag = text.safe(settings.store_flag)
    if "://" in settings.store:
        return "Runs appear here when the spans that a collector wrote are taken in:", f"  botanu sync{flag}"
    return (
        "Runs appear here as they happen. Send some from your program:",
        f'  init_botanu(service_name="my-service", store="{text.safe(settings.store_given or "botanu.duckdb")}")',
        "or take in files of spans:",
        f"  botanu ingest FILE{flag}",
        "or look around in samples, which have a store of their own:",
        "  botanu demo",
        "  botanu dashboard --store botanu-demo.duckdb",
    )


def explained(error: Exception, store: str) -> Sequence[str]:
    """Return what an error is called, and lines of what to do about it."""
    if isinstance(error, StoreUnavailable):
        return "The store is in use.", str(error), "This screen tries again by itself."
    if isinstance(error, InputError):
        return "Something in your settings cannot be used.", str(error), "Press r when it is corrected."
    if isinstance(error, NotFound):
        return "It is not in the store.", str(error)
    if isinstance(error, StoreError):
        return (
            "This store cannot be opened.",
            str(error),
            "",
            "Start again with another:",
            "  botanu dashboard --store FILE",
        )
    return (
        "Something unexpected went wrong.",
        f"{type(error).__name__}: {error}".splitlines()[0],
        f"The store {store} was not changed. Press r to try again, and report it if it stays.",
    )
