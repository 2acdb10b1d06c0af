"""Commands of ``python -m data``: download raw data; build, validate and describe the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.paths import SNAPSHOT

app = typer.Typer(
    help="Download raw data, and build, validate and describe tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def build(
    raw: Annotated[Path, typer.Argument(help="folder of raw files: epoch/, paperlists/, coakley/, tei/")],
    out: Annotated[Path | None, typer.Option(help="output folder; by default the embedded snapshot")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; by default one per core")] = None,
) -> None:
    """Rebuild the embedded snapshot from raw files, or build tables from your own folder."""
    from rich.progress import MofNCompleteColumn, TimeElapsedColumn

    from data.build.snapshot import build as build_tables
    from data.progress import open_progress

    with open_progress("reading", MofNCompleteColumn(), TimeElapsedColumn()) as (_, move):

        def report_read(name: str, number: int, of: int) -> None:
            move(description=f"read {name}", completed=number, total=of)

        built = build_tables(raw, out or SNAPSHOT, workers, report_read)
    for name, counts in built.counts.items():
        typer.echo(name)
        for what, n in sorted(counts.items()):
            typer.echo(f"  {n:>6}  {what}")
    for line in built.papers.format_counts():
        typer.echo(line)
    for line in built.papers.format_warnings():
        typer.echo(f"warning: {line}")
    for name, rows in built.rows.items():
        typer.echo(f"{rows:>8} rows  {name}")
    typer.echo(f"written: {out or SNAPSHOT} (by venue and year: papers_counts.csv)")


Decimal = Annotated[str | None, typer.Option(help="decimal sign of the numbers in your file: . or ,")]


@app.command()
def validate(
    file: Annotated[
        Path,
        typer.Argument(help="a table of models, chips or papers, or a raw Epoch vintage: .csv, .csv.gz or .parquet"),
    ],
    decimal: Decimal = None,
) -> None:
    """Check a table, and report what was read. The header identifies the type of table."""
    from data.numbers import check_decimal
    from data.tables.load import read_any
    from data.tables.user_tables import is_raw, read_user_models

    check_decimal(decimal)
    if is_raw(file):
        typer.echo(f"{read_user_models(file, '', decimal).message}; valid")
        return
    name, frame = read_any(file, decimal)
    typer.echo(f"{file}: {len(frame)} {name}, valid")


@app.command()
def describe(
    figure: Annotated[Path | None, typer.Option(help="also draw the coverage by venue and year: .png or .pdf")] = None,
    papers: Annotated[Path | None, typer.Option(help="a table of papers; by default the snapshot's")] = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(help="a raw Epoch vintage, or a folder of them, instead of the snapshot; may be repeated"),
    ] = None,
    decimal: Decimal = None,
) -> None:
    """Describe the snapshot: sources, vintages, what was left out, coverage by venue and year."""
    if models:
        from data.build.vintage_counts import describe_vintages, find_vintages, format_markdown
        from data.numbers import check_decimal

        check_decimal(decimal)
        files = [file for path in models for file in find_vintages(path)]
        typer.echo(format_markdown(describe_vintages(files, decimal)), nl=False)
        return
    from data.build import describe as snapshot

    if figure is not None:
        snapshot.check_figure(figure)
    if papers is None:
        snapshot.print_models()
        snapshot.print_sources()
    frame = snapshot.print_papers(papers)
    if figure is not None:
        snapshot.draw(frame, figure)
        typer.echo(f"written: {figure}")


def _parse_folder(text: str) -> Path:
    """Return the folder of an option ``--out``, which must not be empty."""
    if not text.strip():
        raise InputError("--out is empty", hint="give the folder of the download")
    return Path(text)


app_fetch = typer.Typer(help="Download new raw files.", no_args_is_help=True)
app.add_typer(app_fetch, name="fetch")


@app_fetch.command("epoch")
def add_epoch_vintage(
    url: Annotated[
        str | None,
        typer.Option(help="address of a raw vintage; by default Epoch's file of all models", envvar="EPOCH_URL"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="folder of raw files; the vintage goes to its folder epoch/; by default build/raw",
            parser=_parse_folder,
            metavar="<path>",
        ),
    ] = None,
) -> None:
    """Download a vintage of Epoch's models, check it, keep it next to the earlier ones, and report what changed."""
    from data.fetch.epoch import ADDRESS, FOLDER, add_vintage

    add_vintage(url or ADDRESS, out or FOLDER, typer.echo)


@app.command()
def openalex(
    out: Annotated[
        Path | None,
        typer.Option(
            help="folder of the download and of its table, papers.csv.gz; a download needs it",
            parser=_parse_folder,
            metavar="<path>",
        ),
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="topic id, such as T10028 (search for topics at https://openalex.org); may be repeated"),
    ] = None,
    concept: Annotated[
        list[str] | None,
        typer.Option(help="id of a concept (deprecated by OpenAlex), such as C41008148; may be repeated"),
    ] = None,
    search: Annotated[
        str | None, typer.Option(help="words in title, abstract or full text; each request costs ten times as much")
    ] = None,
    years: Annotated[
        str | None, typer.Option(help="years of publication, such as 2012-2021 or 2015; a download needs them")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            help="type of works; by default article, conference-paper, preprint, book-chapter; may be repeated",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="address of the server; by default OpenAlex's", envvar="OPENALEX_URL")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="report works, requests, cost and time; download nothing")
    ] = False,
    key: Annotated[
        str | None, typer.Option(help="your key (free at https://openalex.org/settings/api)", envvar="OPENALEX_API_KEY")
    ] = None,
    mail: Annotated[
        str | None, typer.Option(help="your mail address, sent to OpenAlex", envvar="OPENALEX_MAIL")
    ] = None,
) -> None:
    """Download works of OpenAlex by topic, concept or search, and write their table of papers.

    Run the same command again to continue after an interruption, or to fetch updates.

    With --out alone, nothing is downloaded: the table is written again from the works in the folder.

    A request for 100 works costs $0.0001 of the budget of $1 a day that comes with a free key; see --dry-run.

    For example:

    python -m data openalex --topic T10028 --years 2012-2021 --out build/openalex
    """
    from data.fetch.openalex_command import fetch_openalex
    from data.fetch.openalex_query import parse_query

    query = parse_query(topic or [], concept or [], search, types or [], years)
    fetch_openalex(query, out, url, key, mail, dry_run=dry_run, report=typer.echo)
