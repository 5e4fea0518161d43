"""How the pages are used: without network, by link, by keyboard, in three languages and two browsers, on paper and on a small screen."""

import contextlib
import itertools
import re
import time
import zlib

import pytest
from browser import Page, served
from firefox import open_firefox
from pages_reader import part_of

from atlas.pages import single
from atlas.settings import AtlasError


def test_opens_by_double_click_without_network(page, pages_folder):
    page.go("v=statistic&l=en")
    assert page.text("h1") and not page.errors
    assert all(address.startswith((f"file://{pages_folder}/", "data:")) for address in page.requests)


def test_opens_from_a_web_server(browser, pages_folder):
    with served(pages_folder) as address:
        page = Page(browser, f"{address}/index.html").go("v=statistic&l=nl")
        page.tab.wait_for_selector("#map path")
        assert not page.errors and all(request.startswith((address, "data:")) for request in page.requests)
        page.close()


def test_one_file_holds_all_pages(browser, pages_folder, tmp_path, shown_place):
    (tmp_path / "atlas.html").write_text(single.single_page(pages_folder), encoding="utf-8", newline="\n")
    page = Page(browser, f"file://{tmp_path}/atlas.html")
    for state in ("v=statistic&l=nl", f"v=place&p=municipality:{shown_place['code']}&sectors=1&l=fr", "v=about&l=en"):
        page.go(state)
        assert page.text("h1") and not page.errors
    assert {request.split("#")[0] for request in page.requests} - {"data:,"} == {f"file://{tmp_path}/atlas.html"}
    assert not page.tab.is_visible("a[href^='../exports/']")
    page.close()
    with pytest.raises(AtlasError, match="no atlas pages"):
        single.single_page(tmp_path)


def test_language_changes_without_losing_the_state(page, shown_place):
    page.go(
        f"v=statistic&s=cube_013_007&p=municipality:{shown_place['code']}&{shown_place['ages']}=40-49&g=arrondissement&l=en"
    )
    page.settle(lambda: page.tab.click("#languages a[lang=fr]"))
    assert {f"{shown_place['ages']}=40-49", "g=arrondissement", f"p=municipality:{shown_place['code']}", "l=fr"} <= set(
        page.tab.url.split("#")[1].split("&")
    )
    assert page.tab.evaluate("() => document.documentElement.lang") == "fr"


@pytest.mark.parametrize(
    "state",
    [
        "v=statistic&s=<img src=x onerror=alert(1)>&l=en",
        "v=statistic&s=cube_013_007&p=municipality:%3Cscript%3Ealert(1)%3C/script%3E&l=en",
        "v=__proto__&s=constructor&y=9999&g=toString&m=hasOwnProperty&l=xx",
        "%E0%A4%A&v=place&p=%00&l=en",
        "v=statistic&s=../../secret&y=-1&{ages}=%22%3E%3Csvg/onload=alert(1)%3E&l=nl",
        "v=hospital&s=cube_013_007&p=hospital:1&l=en",
        "v=confidentiality&y=1e9&l=en",
    ],
)
def test_hostile_addresses_fall_back(page, pages_folder, shown_place, state):
    dialogs = []
    page.tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    before = len(page.requests)
    page.go(state.format(**shown_place))
    assert page.text("h1") and not dialogs and not page.errors
    assert page.tab.evaluate("() => document.querySelectorAll('main img, main script').length") == 0
    assert all(
        address.startswith(
            (
                f"file://{pages_folder}/index.html",
                f"file://{part_of(pages_folder)}/code/",
                f"file://{part_of(pages_folder)}/data/",
                "data:",
            )
        )
        for address in page.requests[before:]
    )


def test_link_gives_its_state_back(page, shown_place):
    for state in (
        f"v=statistic&s=cube_013_008&y={shown_place['year']}&{shown_place['ages']}=40-49&g=province&o=low&p=municipality:{shown_place['code']}&l=nl",
        f"v=place&p=municipality:{shown_place['code']}&l=fr",
    ):
        page.go(state)
        again = page.tab.evaluate(
            "(hash) => { const s = ATLAS.readState(hash); return ATLAS.linkTo(ATLAS.readState(ATLAS.linkTo(s))) === ATLAS.linkTo(s); }",
            f"#{state}",
        )
        assert again
        assert set(state.split("&")) <= set(
            page.tab.evaluate("() => ATLAS.linkTo(ATLAS.readState(location.hash))").removeprefix("#").split("&")
        ) | {f"y={shown_place['year']}"}


def test_all_that_a_reader_does_is_done_by_keyboard(browser, pages_folder, release_rows, shown_place):
    """Home, a place by its name, a statistic, year, ranking and download with keys alone."""
    page = Page(browser, f"file://{pages_folder}/index.html").go("v=home&l=nl")
    keyboard = page.tab.keyboard
    ((name,),) = release_rows(
        f"select name_nl from geographic_unit where geo_level = 'municipality' and geo_code = '{shown_place['code']}'"
    )
    page.tab.keyboard.press("Tab")
    assert page.tab.evaluate("() => document.activeElement.id") == "skip"
    page.tab.focus("#place")
    keyboard.type(f"{name} (gemeente)")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.text("h1") == name and page.tab.evaluate("() => document.activeElement.id") == "title"
    page.tab.focus("table.profile a")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.tab.query_selector("#ranking")
    page.tab.focus("#year")
    page.settle(lambda: keyboard.press("ArrowLeft"))
    assert (
        f"y={shown_place['year'] - 1}" in page.tab.url
        and page.tab.evaluate("() => document.activeElement.id") == "year"
    )
    assert page.tab.evaluate("() => document.querySelectorAll('#ranking a[tabindex=\"0\"]').length") == 1
    page.tab.focus("#ranking a[tabindex='0']")
    chosen = page.tab.evaluate("() => document.activeElement.id")
    keyboard.press("ArrowUp")
    keyboard.press("End")
    assert page.tab.evaluate("() => document.activeElement.closest('tr').matches('tr:last-child')")
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.tab.evaluate("() => [document.activeElement.id, document.activeElement.tabIndex]") != [chosen, 0]
    assert page.tab.evaluate("() => document.activeElement.closest('tr').hasAttribute('aria-current')")
    keyboard.press("Tab")  # one step leaves the list
    assert page.tab.evaluate("() => document.activeElement.tagName") == "SUMMARY"
    page.tab.focus("#data summary")
    keyboard.press("Enter")
    page.tab.focus("#csv")
    with page.tab.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
    page.close()


def printed_pages(pdf: bytes) -> int:
    """Returns the number of pages of a PDF whose objects may be compressed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return sum(len(re.findall(rb"/Type /Page\b", part)) for part in parts)


def test_a_place_prints_on_two_pages(page, shown_place):
    page.go(f"v=place&p=municipality:{shown_place['code']}&l=fr")
    assert 1 <= printed_pages(page.tab.pdf(format="A4")) <= 2


def test_narrow_page_scrolls_in_one_direction(page, shown_place):
    page.tab.set_viewport_size({"width": 320, "height": 700})
    try:
        for view in ("home", "statistic", "place", "hospital", "variation", "confidentiality", "about"):
            page.go(f"v={view}&p=municipality:{shown_place['code']}&l=fr")
            assert page.tab.evaluate("() => document.documentElement.scrollWidth") <= 320, view
    finally:
        page.tab.set_viewport_size({"width": 1280, "height": 900})


def test_firefox_opens_every_page_changes_a_filter_and_prints(pages_folder, shown_place):
    """A second engine: every page by double click, in Dutch and French, without request and without error; a filter, the year by keyboard, a place on A4."""
    place = f"p=municipality:{shown_place['code']}"
    states = [
        "v=home",
        f"v=statistic&s=cube_013_007&{place}&c=region:03000",
        "v=hospital",
        "v=variation",
        "v=confidentiality",
        "v=about",
        f"v=place&{place}&sectors=1",
        "v=statistic&s=<img src=x onerror=alert(1)>&p=%00",
    ]
    with open_firefox() as firefox:
        for state, language in zip(states, itertools.cycle(["nl", "fr"])):
            firefox.go(f"file://{pages_folder}/index.html#{state}&l={language}")
            assert firefox.text("h1") and firefox.run("return document.documentElement.lang") == language
        firefox.go(f"file://{pages_folder}/index.html#v=statistic&s=cube_013_007&{place}&l=en")
        classes = (
            "return [...document.querySelectorAll('#areas path')].map((area) => area.getAttribute('class')).join()"
        )
        before = firefox.run(classes)
        firefox.settle(
            """const filter = document.getElementById(`filter-${arguments[0]}`); filter.value = "40-49";
            filter.dispatchEvent(new Event("change", { bubbles: true }));""",
            shown_place["ages"],
        )
        assert f"{shown_place['ages']}=40-49" in firefox.run("return location.hash") and firefox.run(classes) != before
        firefox.press("#year", "\ue012")  # arrow left
        assert f"y={shown_place['year'] - 1}" in firefox.run("return location.hash")
        firefox.go(f"file://{pages_folder}/index.html#v=place&{place}&l=fr")
        assert 1 <= printed_pages(firefox.printed()) <= 2
        assert firefox.heard() == {"requests": [], "errors": []}


MEASURE = """(states) => new Promise((resolve) => {
    const times = [], root = document.documentElement;
    const next = () => {
        if (!states.length) { resolve(times); return; }
        const begun = performance.now();
        delete root.dataset.ready;
        new MutationObserver((_, observer) => {
            if (!root.dataset.ready) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => { times.push(performance.now() - begun); next(); }));
        }).observe(root, { attributes: true });
        location.hash = states.shift();
    };
    next();
})"""


def task_seconds(session) -> float:
    """Returns the processor time that the tab's main thread has used."""
    return next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")


def test_times_are_printed(browser, pages_folder, shown_place, record_property):
    """First drawing, and a change of the age until the map, the series and all rows of the ranking are drawn: figures, because a slow machine is no fault of the code."""
    view = f"v=statistic&s=cube_013_007&p=municipality:{shown_place['code']}&l=en"
    ages = ["40-49", "60-69", "20-29", "70-79", "30-39", "50-59", "10-19"]
    found = []
    for slower in (1, 4):
        page = Page(browser, f"file://{pages_folder}/index.html")
        session = page.context.new_cdp_session(page.tab)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        begun = time.monotonic()
        page.go(view)
        first = 1000 * (time.monotonic() - begun)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        busy = [task_seconds(session)]
        times = sorted(page.tab.evaluate(MEASURE, [f"{view}&{shown_place['ages']}={age}" for age in ages]))
        busy.append(task_seconds(session))
        assert len(times) == len(ages)
        processor = 1000 * (busy[1] - busy[0]) / len(times)
        found.append(f"{first:.0f} ms and {times[len(times) // 2]:.0f} ms (processor time {processor:.0f} ms)")
        page.close()
    record_property(
        "figure", f"Atlas pages, first drawing and filter change: {found[0]}; processor 4 times slower: {found[1]}"
    )


AXE_STATES = [
    ("v=home&l=nl", {}),
    ("v=statistic&s=cube_013_007&p=municipality:{code}&l=nl", {}),
    ("v=statistic&s=cube_013_007&{ages}=90%2B&g=province&m=belgium&l=fr", {}),
    ("v=statistic&s=cube_007_005a&g=province&l=en", {"viewport": {"width": 320, "height": 700}}),
    ("v=statistic&s=cube_013_004&g=arrondissement&l=en", {"forced_colors": "active"}),
    ("v=place&p=municipality:{code}&l=fr", {}),
    ("v=place&p=country:01000&l=en", {"viewport": {"width": 320, "height": 700}}),
    ("v=place&p=municipality:{code}&c=province:10000,region:03000&sectors=1&l=nl", {}),
    (
        "v=statistic&s=cube_013_007&p=municipality:{code}&c=province:10000,region:03000&l=fr",
        {"forced_colors": "active"},
    ),
    ("v=hospital&l=nl", {}),
    ("v=hospital&s=cube_007_005b&l=fr", {}),
    ("v=variation&s=cube_013_013&l=fr", {"reduced_motion": "reduce"}),
    ("v=confidentiality&l=nl", {}),
    ("v=about&l=en", {"forced_colors": "active"}),
    ("v=statistic&s=cube_013_007&e=1&l=fr", {}),
    ("v=confidentiality&l=en", {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}),
    ("v=statistic&s=stat_013_013&g=province&o=hidden&l=nl", {"color_scheme": "dark"}),
]


@pytest.mark.parametrize(("state", "options"), AXE_STATES)
def test_axe_finds_no_violation(browser, pages_folder, shown_place, state, options):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    tab = context.new_page()
    tab.goto(f"file://{pages_folder}/index.html#{state.format(**shown_place)}")
    tab.wait_for_selector("html[data-ready]")
    tab.evaluate("() => { for (const part of document.querySelectorAll('details')) part.open = true; }")
    if tab.query_selector("#areas path"):
        tab.hover("#areas path >> nth=4", force=True)
    # Rows of one list are alike, and areas of one map: axe, whose time grows with the page, looks at the first ones
    tab.evaluate(
        """() => { for (const part of document.querySelectorAll("#ranking tbody:nth-of-type(n+2), #areas path:nth-child(n+40), #sectors ~ .scroll tr:nth-child(n+9), #places option:nth-child(n+9)")) part.remove(); }"""
    )
    result = axe.run(
        tab,
        options={
            "resultTypes": ["violations"],
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    )
    assert not result.response["violations"], [
        (v["id"], v["nodes"][0]["html"][:150], len(v["nodes"])) for v in result.response["violations"]
    ]
    context.close()
