"""Reads the feeds, the sitemap, robots.txt and llms.txt of the server at a URL, and fails where a reader would stumble.

Every feed there is (of all articles, of each locale, tag and author) goes through two strict XML parsers, expat and
libxml2, and through feedparser, which must find nothing to forgive.
"""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import urllib.robotparser
import xml.parsers.expat
from collections import Counter

import feedparser
import lxml.html
from lxml import etree

URL = sys.argv[1]
SCHEMAS = pathlib.Path(__file__).parent / "sitemap"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}
VERSIONS = {"rss": "rss20", "atom": "atom10"}
COUNTS = Counter()


class Wrong(Exception):
    """What a reader would stumble over."""


def want(fine, what):
    if not fine:
        raise Wrong(what)


def get(path):
    try:
        with urllib.request.urlopen(URL + path, timeout=30) as answer:
            return answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        raise Wrong(f"{path}: {error.code} {error.read()[:300]!r}") from error


def read_json(path):
    return json.loads(get(path)[0])


def strict(content):
    """The document, as two parsers read it that forgive nothing."""
    xml.parsers.expat.ParserCreate(namespace_separator=" ").Parse(content, True)
    return etree.fromstring(content, etree.XMLParser(recover=False, resolve_entities=False, no_network=True, huge_tree=True))


def is_absolute(address):
    url = urllib.parse.urlsplit(address)
    return url.scheme in ("http", "https") and bool(url.netloc)


def check_body(name, body):
    for element in lxml.html.fragment_fromstring(body, create_parent=True).iter():
        for attribute in ("href", "src", "cite"):
            address = element.get(attribute, "https:")
            want(re.match(r"(https?:|mailto:)", address.strip(), re.IGNORECASE), f"a relative address in {name}: {address}")


def check_feed(kind, query):
    path = f"/v1/feeds/articles.{kind}?{query}"
    content, headers = get(path)
    want(headers["Content-Type"] == TYPES[kind], headers["Content-Type"])
    COUNTS[kind] += 1
    if kind == "json":
        items = json.loads(content)["items"]
        for item in items:
            check_body(item["id"], item["content_html"])
        return len(items)
    strict(content)
    feed = feedparser.parse(content, response_headers={"content-type": TYPES[kind], "content-location": URL + path})
    want(not feed.bozo, f"feedparser: {feed.get('bozo_exception')}")
    want(feed.version == VERSIONS[kind], feed.version)
    want(feed.encoding == "utf-8", feed.encoding)
    head = feed.feed
    want(head.title and is_absolute(head.link), f"title or link: {head}")
    own = [link.href for link in head.links if link.rel == "self"]
    want(len(own) == 1 and is_absolute(own[0]), f"self: {own}")
    want(head.get("language"), "no language")
    want(len({entry.id for entry in feed.entries}) == len(feed.entries), "an id stands twice")
    for entry in feed.entries:
        want(entry.id.startswith("urn:uuid:"), entry.id)
        want(entry.title and is_absolute(entry.link), f"title or link: {entry.id}")
        want(entry.published_parsed and entry.published_parsed[0] > 1900, f"date: {entry.id}")
    want(
        [entry.published_parsed for entry in feed.entries]
        == sorted((entry.published_parsed for entry in feed.entries), reverse=True),
        "not the newest first",
    )
    return len(feed.entries)


def check_feeds():
    queries = ["limit=100", "limit=1"]
    queries += [f"locale={locale}&limit=100" for locale in read_json("/v1/site")["locales"]]
    for route, name in (("tags", "tag"), ("authors", "author")):
        path = f"/v1/{route}?limit=100"
        while path:
            page = read_json(path)
            queries += [f"{name}={item['slug']}&limit=100" for item in page["items"]]
            path = page["page"]["next"] and f"/v1/{route}?limit=100&cursor={page['page']['next']}"
    for query in queries:
        try:
            found = {check_feed(kind, query) for kind in TYPES}
            want(len(found) == 1, f"the formats disagree: {found}")
        except Exception as error:
            raise Wrong(f"/v1/feeds/articles.*?{query}: {error!r}") from error


def check_sitemap(path="/sitemap.xml"):
    content, headers = get(path)
    want(headers["Content-Type"] == "application/xml; charset=utf-8", headers["Content-Type"])
    want(len(content) <= 50 * 1024 * 1024, "longer than 50 MiB")
    document = strict(content)
    name = etree.QName(document).localname
    etree.XMLSchema(etree.parse(SCHEMAS / f"{name}.xsd")).assertValid(document)
    locs = [loc.text for loc in document.iterfind(f"{SITEMAP}*/{SITEMAP}loc")]
    if name == "sitemapindex":
        return [loc for part in locs for loc in check_sitemap(urllib.parse.urlsplit(part).path)]
    COUNTS["addresses in sitemaps"] += len(locs)
    return locs


def published():
    """The addresses of all articles and pages, as the lists tell them."""
    found = set()
    for route in ("articles", "pages"):
        path = f"/v1/{route}?limit=100&fields=url&include=seo"
        while path:
            page = read_json(path)
            for item in page["items"]:
                seo = item["seo"]
                if not seo["noindex"] and seo["canonical_url"] in (None, item["url"]):
                    found.add(item["url"])
            next_page = page["page"]["next"]
            path = next_page and f"/v1/{route}?limit=100&fields=url&include=seo&cursor={next_page}"
    return found


def check_robots():
    robots = urllib.robotparser.RobotFileParser()
    robots.parse(get("/robots.txt")[0].decode().splitlines())
    want(robots.can_fetch("*", f"{URL}/v1/articles"), "robots.txt keeps crawlers out")
    maps = robots.site_maps()
    want(maps and all(is_absolute(address) for address in maps), f"robots.txt names no sitemap: {maps}")


def check_llms():
    """As https://llmstxt.org reads it."""
    text = get("/llms.txt")[0].decode()
    head, *sections = re.split(r"^##\s*(.*?)$", text, flags=re.MULTILINE)
    want(re.fullmatch(r"#\s*(?P<title>.+?)\n+(?:>\s*(?P<summary>.+?)\n+)?", head), f"llms.txt begins with {head!r}")
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        for line in body.strip().splitlines():
            link = re.fullmatch(r"-\s*\[(?P<title>(?:\\.|[^\]\\])+)\]\((?P<url>[^)\s]+)\)(?::\s*(?P<about>.*))?", line)
            want(link, f"llms.txt, {heading}: {line}")
            url = urllib.parse.urlsplit(link["url"])
            get(url.path + (f"?{url.query}" if url.query else ""))
            COUNTS["links in llms.txt"] += 1


def main():
    check_feeds()
    locs = check_sitemap()
    want(len(set(locs)) == len(locs), "an address stands twice in the sitemap")
    missing = published() ^ set(locs)
    want(not missing, f"the sitemap and the lists differ: {sorted(missing)[:5]}")
    check_robots()
    check_llms()
    print(", ".join(f"{count} {what}" for what, count in COUNTS.items()))


try:
    main()
except (Wrong, xml.parsers.expat.ExpatError, etree.XMLSyntaxError, etree.DocumentInvalid) as error:
    print(f"feeds: {error}", file=sys.stderr)
    sys.exit(1)
