"""The page in a real browser: silent, self-contained, readable."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lorascan.reporting import render, render_all
from tests.reporting.examples import EXAMPLES
from tests.reporting.test_fleet import static

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WIDTH = "document.documentElement.scrollWidth"
PATIENCE = 120_000
"""Milliseconds: a busy machine is no fault of the page."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        if os.environ.get("LORASCAN_NO_BROWSER"):
            pytest.skip("NO CHROMIUM HERE: the page was not looked at in a browser")
        pytest.fail("no chromium found: install one, or set LORASCAN_NO_BROWSER to leave the page unseen")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS, timeout=PATIENCE)
        yield started
        started.close()


def opened(browser: Any, folder: Path, name: str, **options: Any) -> tuple[Any, list[str]]:
    """The page of an example, and everything that it complained of or asked for."""
    path = folder / f"{name}.html"
    path.write_text(render(EXAMPLES[name](), "html"), encoding="utf-8")
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(f"request: {request.url[:80]}") if _leaves(request.url, path) else None)
    page.add_init_script("document.addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective))")
    page.goto(path.as_uri())
    return page, heard


def _leaves(url: str, path: Path) -> bool:
    return not url.startswith("data:") and url.partition("#")[0] != path.as_uri()


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_page_is_silent_asks_for_nothing_and_fits_a_phone(browser: Any, tmp_path: Path, name: str) -> None:
    page, heard = opened(browser, tmp_path, name, color_scheme="light")
    assert page.title().startswith(EXAMPLES[name]().verdict.decision.capitalize())

    assert page.evaluate(WIDTH) <= 1280
    for width in (1000, 750):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(WIDTH) <= width
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait_for_timeout(200)

    assert page.evaluate(WIDTH) <= 320
    assert heard == []
    page.close()


def test_charts_are_drawn_and_answer_to_their_switches(browser: Any, tmp_path: Path) -> None:
    page, heard = opened(browser, tmp_path, "backdoored")

    page.check('input[name="heat"][value="effective_rank"]')
    page.check('input[name="dose"][value="lift"]')
    page.locator("#heat .map").first.hover()
    page.select_option("#spectrum-layer", "3")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)

    assert page.locator("#heat svg").count() == 2
    assert page.locator("#dose svg path").count() > 5
    assert page.locator("#spectrum svg path").count() > 3
    assert heard == []
    page.close()


def test_the_lightbox_turns_by_keys_and_gives_the_focus_back(browser: Any, tmp_path: Path) -> None:
    page, heard = opened(browser, tmp_path, "backdoored")

    page.locator(".shot").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    caption = page.locator("#lightbox figcaption").text_content()
    page.keyboard.press("Escape")

    assert "scale 0.5" in caption
    page.wait_for_function("document.activeElement === document.querySelectorAll('.shot')[1]")
    assert not page.locator("#lightbox").is_visible()
    assert heard == []
    page.close()


BLUR = "getComputedStyle(document.querySelector('.shot img')).filter"


def test_pictures_are_blurred_until_a_key_asks_for_them_on_screen_and_on_paper(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=True, color_scheme="dark", viewport={"width": 320, "height": 640})
    path = tmp_path / "shy.html"
    path.write_text(render(EXAMPLES["backdoored"](), "html"), encoding="utf-8")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(path.as_uri())

    assert "blur" in page.evaluate(BLUR)
    page.emulate_media(media="print")
    assert "blur" in page.evaluate(BLUR)
    assert page.locator(".ask .paper").is_visible()
    page.emulate_media(media="screen")
    page.locator("#reveal").focus()
    assert page.evaluate("getComputedStyle(document.querySelector('.ask label')).outlineStyle") == "solid"
    page.keyboard.press("Space")
    assert page.evaluate(BLUR) == "none"
    page.emulate_media(media="print")
    assert page.evaluate(BLUR) == "none"
    assert not page.locator(".ask .paper").is_visible()
    page.emulate_media(media="screen")
    page.locator("#reveal").press("Space")
    page.locator(".shot").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.querySelector('#lightbox img')).filter") == "none"
    assert "blur" in page.evaluate(BLUR), "the others stay blurred"
    context.close()


@pytest.fixture
def still(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of a backdoored adapter in a browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    path = tmp_path / "still.html"
    path.write_text(render(EXAMPLES["backdoored"](), "html"), encoding="utf-8")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(path.as_uri())
    yield page
    context.close()


def test_without_scripts_pictures_are_blurred_and_can_be_asked_for(still: Any) -> None:
    shot = still.locator(".shot img").first

    before = shot.evaluate("each => getComputedStyle(each).filter")
    still.check("#reveal")

    assert "blur" in before
    assert shot.evaluate("each => getComputedStyle(each).filter") == "none"


def test_without_scripts_every_number_is_still_there(still: Any) -> None:
    assert still.locator("#behaviour figure table tbody tr").count() == 30
    assert still.locator("#weights figure table tbody tr").count() == 72
    assert still.locator(".switch:visible").count() == 0


SHOWN = "[...document.querySelectorAll('.list tbody tr, section.one')].filter((each) => each.offsetParent !== null).length"
INDEX = ("honest", "undecided", "refused", "backdoored", "hostile")


def written_index(folder: Path) -> str:
    path = folder / "index.html"
    path.write_text(render_all([EXAMPLES[name]() for name in INDEX], "html"), encoding="utf-8")
    return path.as_uri()


def test_the_index_is_silent_fits_a_phone_and_is_filtered_without_a_network(browser: Any, tmp_path: Path) -> None:
    address = written_index(tmp_path)
    page = browser.new_page(color_scheme="dark", viewport={"width": 320, "height": 640})
    page.set_default_timeout(PATIENCE)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url[:80]) if not request.url.startswith(("data:", address)) else None)
    page.add_init_script("document.addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective))")
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert page.evaluate(WIDTH) <= 320
    assert page.evaluate(SHOWN) == 2 * len(INDEX)
    page.fill("#find", "zxqv yellow")
    assert page.evaluate(SHOWN) == 2
    assert page.locator("#shown").text_content() == "1 of 5 shown"
    page.fill("#find", "")
    page.locator("#show-reject").press("Space")
    assert page.evaluate(SHOWN) == 4
    assert page.locator("#shown").text_content() == "2 of 5 shown"
    page.locator('.list a[href="#a4"]').press("Enter")
    page.wait_for_function("location.hash === '#a4'")
    page.emulate_media(media="print")
    assert page.locator("#a4 .facts").is_visible(), "paper shows what was folded"
    assert heard == []
    page.close()


def test_without_scripts_the_index_still_chooses_verdicts(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(written_index(tmp_path))

    page.uncheck("#show-admit")

    assert page.locator(".list tbody tr:visible").count() == 4
    assert page.locator("section.one:visible").count() == 4
    assert not page.locator("#find").is_visible()
    context.close()


def test_static_admits_are_chosen_by_a_box_of_their_own_and_look_like_no_whole_admit_on_any_medium(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_all([static(), EXAMPLES["honest"](), EXAMPLES["backdoored"]()], "html"), encoding="utf-8")
    page = browser.new_page(color_scheme="dark", viewport={"width": 320, "height": 640})
    page.set_default_timeout(PATIENCE)
    page.goto(path.as_uri())

    for medium, scheme in (("screen", "dark"), ("screen", "light"), ("print", "dark")):
        page.emulate_media(media=medium, color_scheme=scheme)
        one, whole = (page.evaluate(COLOURS, chosen) for chosen in ('[data-evidence="static"]', ":not([data-evidence])"))
        assert one["bar"] != whole["bar"]
        assert one["ink"] != whole["ink"]
        assert (one["edge"], whole["edge"]) == ("dashed", "solid")
    assert one["ground"] == "rgb(255, 255, 255)", "on paper"
    page.emulate_media(media="screen")
    assert page.evaluate(WIDTH) <= 320
    page.uncheck("#show-static")
    assert page.evaluate(SHOWN) == 4
    page.check("#show-static")
    page.uncheck("#show-admit")
    assert page.evaluate(SHOWN) == 4
    assert page.locator(".list tbody tr[data-evidence=static]").is_visible()
    page.close()


COLOURS = """(chosen) => {
  const style = (what) => getComputedStyle(document.querySelector(`${what}[data-decision="admit"]${chosen}`));
  const chip = style(".list .level");
  return { bar: style("rect").fill, ink: chip.color, ground: chip.backgroundColor, edge: chip.borderTopStyle };
}"""


def test_the_page_prints_with_its_tables_open_and_in_light_colours(browser: Any, tmp_path: Path) -> None:
    page, heard = opened(browser, tmp_path, "backdoored", color_scheme="dark")

    page.emulate_media(media="print")
    page.wait_for_timeout(200)

    assert page.locator("#weights figure table").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert heard == []
    page.close()
