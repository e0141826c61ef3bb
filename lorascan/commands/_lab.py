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
    orders: Annotated[list[str], typer.Argument(metavar="RECIPE:SEED…", help="What to make, such as poisoned_unet:3.")],
    *,
    split: Annotated[SplitName, typer.Option(help="Which word lists triggers and targets are drawn from.")] = SplitName.DEV,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once, one thread each.")] = 2,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the adapters and their ledger.")],
) -> None:
    """Make many lab adapters; a stopped run goes on where it was."""
    from lorascan.lab.zoo import make_zoo, parse_order  # noqa: PLC0415

    wanted = [parse_order(order, split.value) for order in orders]
    make_zoo(wanted, output, lambda entry: typer.echo(entry.line), jobs)


@lab_app.command("recipes")
def lab_recipes() -> None:
    """List the recipes."""
    from lorascan.lab.make import all_recipes  # noqa: PLC0415

    for name, recipe in all_recipes().items():
        typer.echo(f"{name:<26} {'honest' if recipe.honest else 'backdoored':<11} {recipe.summary}")


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
