"""`lorascan lab …`: the embedded test bed."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

lab_app = typer.Typer(help="The embedded test bed: its base, its adapters.", no_args_is_help=True, rich_markup_mode=None)


class SplitName(StrEnum):
    """The lab's two halves: thresholds are learnt on one, figures reported on the other."""

    DEV = "dev"
    TEST = "test"


@lab_app.command("make")
def lab_make(
    recipe: Annotated[str, typer.Argument(help="A recipe; `lorascan lab recipes` lists them.")],
    *,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    split: Annotated[SplitName, typer.Option(help="Which word lists triggers and targets are drawn from.")] = SplitName.DEV,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the adapter goes; its ledger entry is printed.")],
) -> None:
    """Train one lab adapter, honest or backdoored, and measure it."""
    from lorascan.lab.make import make, recipe_named  # noqa: PLC0415 - the help stays light

    typer.echo(make(recipe_named(recipe).name, seed, split.value, output).line)


@lab_app.command("zoo")
def lab_zoo(
    orders: Annotated[list[str] | None, typer.Argument(metavar="[RECIPE:SEED…]", help="What to make, such as poisoned_unet:3.")] = None,
    *,
    wanted: Annotated[
        Path | None, typer.Option("--orders", help="A TOML file of [dev] and [test], each recipe = [seeds], such as benchmarks/zoo.toml.")
    ] = None,
    split: Annotated[SplitName, typer.Option(help="Which word lists triggers and targets are drawn from.")] = SplitName.DEV,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once, one thread each.")] = 2,
    output: Annotated[Path, typer.Option("--output", "--out", "-o", help="Folder for the adapters and their ledger.")],
) -> None:
    """Make many lab adapters; a stopped run goes on where it was."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.lab.orders import read_orders  # noqa: PLC0415
    from lorascan.lab.zoo import make_zoo, parse_order  # noqa: PLC0415

    asked = [parse_order(order, split.value) for order in orders or []]
    asked += read_orders(wanted, split.value) if wanted else []
    if not asked:
        raise UsageError("nothing to make: name RECIPE:SEED, or a file with --orders")
    make_zoo(asked, output, lambda entry: typer.echo(entry.line), jobs)


@lab_app.command("bench")
def lab_bench(
    *,
    results: Annotated[Path, typer.Option(help="Folder of the rows, and of the table that is written.")] = Path("benchmarks/results"),
    work: Annotated[Path, typer.Option(help="Folder of the adapters, DIR/dev and DIR/test.")] = Path("build/zoo"),
    orders: Annotated[Path, typer.Option(help="Which adapters the zoo is to hold.")] = Path("benchmarks/zoo.toml"),
    jobs: Annotated[int, typer.Option(min=1, help="Adapters made at once, one thread each.")] = 2,
    limit: Annotated[int | None, typer.Option(min=0, help="Audit so many at most, then write the table.", show_default=False)] = None,
    only_table: Annotated[
        bool, typer.Option("--only-table", help="Make and audit nothing: the table from the rows that are there, in some minutes.")
    ] = False,
) -> None:
    """Measure detection on adapters with known truth: make, audit, compare; goes on where it was stopped."""
    from lorascan.lab.bench.running import complete, write_table  # noqa: PLC0415

    if not only_table:
        complete(results, work, orders, lambda line: typer.echo(line, err=True), jobs=jobs, limit=limit)
    for path in write_table(results, lambda line: typer.echo(line, err=True)):
        typer.echo(path)


@lab_app.command("recipes")
def lab_recipes() -> None:
    """List the recipes, then the endings that make others of them."""
    from lorascan.lab.derived import REWRITTEN, TWIN  # noqa: PLC0415
    from lorascan.lab.orders import known_recipes  # noqa: PLC0415

    for name, recipe in known_recipes().items():
        if not name.endswith((f"_{TWIN}", *REWRITTEN)):
            typer.echo(f"{name:<26} {'honest' if recipe.honest else 'backdoored':<11} {recipe.summary}")
    typer.echo(f"…_{TWIN}: a backdoored one with an honest cover, without its hidden words")
    for ending, done in REWRITTEN.items():
        typer.echo(f"…_{ending}: a trained one, {done}")


@lab_app.command("train")
def lab_train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the trained base.")],
    *,
    seed: Annotated[int, typer.Option(help="Seed of every random choice; 7 is the shipped base's.")] = 7,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train the lab base anew, offline; about an hour and a half on two cores."""
    from lorascan.lab.train import train_base  # noqa: PLC0415

    train_base(output, seed, device)
