"""The documentation builds without a warning, and every link inside it leads somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

CHECKOUT = Path(__file__).parents[2]
LINK = re.compile(r'\]\(([^)\s]+)\)')


class Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = set(), {''}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        """Collect links and anchors."""
        for name, value in attributes:
            if name in {'href', 'src'} and value:
                self.links.add(value)
            elif name == 'id' or (tag == 'a' and name == 'name'):
                self.anchors.add(value)


@pytest.fixture(scope='module')
def html(tmp_path_factory):
    """Return the folder with the documentation, built as it is published."""
    folder = tmp_path_factory.mktemp('html')
    options = ['--quiet', '--fail-on-warning', '--keep-going']
    command = [sys.executable, '-m', 'sphinx', *options, CHECKOUT / 'docs', folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_links_between_pages_lead_somewhere(html):
    """Every link to a page, a picture or a heading of the documentation has its target."""
    pages = {path.resolve(): Page(path) for path in html.rglob('*.html')}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors if target in pages else {''}
            known = target in pages and unquote(parts.fragment) in anchors
            if not (known or (target.is_file() and target not in pages)):
                broken.append(f'{path.relative_to(html)}: {link}')
    assert broken == []


@pytest.mark.parametrize('name', ['README.md', 'CHANGELOG.md'])
def test_links_of_the_front_page_lead_somewhere(name):
    """What the README links to is in the checkout."""
    links = [urlsplit(link) for link in LINK.findall((CHECKOUT / name).read_text())]
    paths = [CHECKOUT / link.path for link in links if not link.scheme and link.path]
    assert [str(path) for path in paths if not path.exists()] == []


def test_pictures_are_small_and_described():
    """A picture has less than 200 kB, and words for those who cannot see it."""
    pictures = list((CHECKOUT / 'docs' / 'images').iterdir())
    assert [path.name for path in pictures if path.stat().st_size > 200_000] == []
    assert (
        len(re.findall(r'!\[[^\]]{40,}\]\(docs/images/', (CHECKOUT / 'README.md').read_text())) == 1
    )
