"""A site with one guarded post behind every door, and a scripted sidecar that opens it to Alice alone.

The cast: Alice has the right, Bob is a member without it, Charlie is a visitor (None) and must never see anything.
Everything that is hidden holds the word XYZZY; what may be seen does not.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.bed.site import Site
from tests.bridge.conftest import refetch_index
from tests.bridge.scripted_sidecar import Fault, Request, ScriptedSidecar, a_page, a_post, an_index, bodies_of

Json = dict[str, Any]

HIDDEN = "XYZZY"
NOTICE = '<p class="notice-for-members">Members only.</p>'
NAME_TAG = "[MM_Member_Data name='firstName']"
MEMBERS_TAG = "[MM_Member_Decision isMember='true']"
MEMBERS_END = "[/MM_Member_Decision]"

DECISIONS = re.compile(rb"\[/?MM_Member_Decision[^]]*\]")
TAGS = re.compile(rb"\[MM_Member_Data name='firstName'\]|" + DECISIONS.pattern)

# What the outside world does to a page: a builder that prints post meta, a theme that prints all it can find.
MU_PLUGIN = r"""
add_action('init', function () {
    register_post_meta('post', 'open_field', ['show_in_rest' => true, 'single' => true, 'type' => 'string']);
    add_shortcode('loud', fn($a, $inner = '') => '<b class="loud">' . do_shortcode($inner) . '</b>');
    foreach (['post', 'lesson'] as $type) { add_post_type_support($type, 'custom-fields'); }
    register_post_type('lesson', ['public' => true, 'show_in_rest' => true, 'label' => 'Lessons', 'has_archive' => true]);
});
foreach (['the_content', 'the_content_feed', 'get_the_excerpt', 'the_excerpt', 'the_excerpt_rss', 'the_excerpt_embed'] as $hook) {
    add_filter($hook, fn($html) => $html . get_post_meta(get_the_ID(), '_builder_text', true), 999);
}
add_action('rest_api_init', function () {
    register_rest_field('post', 'copied_text', ['get_callback' => fn($post) => get_post($post['id'])->post_content]);
    register_rest_route('test', '/nested', ['permission_callback' => '__return_true', 'callback' => function ($request) {
        $inner = new WP_REST_Request('GET', '/wp/v2/posts/' . $request['id']);
        $inner->set_param('context', $request['how']);
        return rest_do_request($inner)->get_data();
    }]);
});
if (isset($_GET['without'])) {
    add_filter('pre_option_active_plugins', '__return_empty_array');
}
if (isset($_GET['classic'])) {
    add_filter('pre_option_template', fn() => 'printer');
    add_filter('pre_option_stylesheet', fn() => 'printer');
}
if (isset($_GET['blocky'])) {
    add_filter('pre_option_template', fn() => 'blocky');
    add_filter('pre_option_stylesheet', fn() => 'blocky');
}
if (isset($_GET['latest'])) {
    add_filter('wp_footer', function () {
        $how = $_GET['latest'];
        echo do_blocks('<!-- wp:latest-posts {"postsToShow":50,"displayPostContent":true,"excerptLength":99,"displayPostContentRadio":"' . $how . '"} /-->');
    });
}
if (isset($_GET['print'])) {
    add_filter('wp_footer', function () {
        echo '<div class="printed">';
        require WP_CONTENT_DIR . '/printers/' . basename($_GET['print']) . '.php';
        echo '</div>';
    });
}
register_theme_directory(WP_CONTENT_DIR . '/test-themes');
add_action('init', function () {
    if (isset($_GET['mend'])) { foreach (['opened_at', 'faults', 'probe'] as $key) { Gatepost\memory()->drop($key); } exit; }
    if (isset($_GET['nonce'])) { echo wp_create_nonce('wp_rest'); exit; }
}, 99);
add_action('widgets_init', fn() => register_sidebar(['id' => 'side', 'name' => 'Side']));
add_action('wp_ajax_nopriv_more', 'test_more');
add_action('wp_ajax_more', 'test_more');
function test_more() {
    $query = new WP_Query(['post_type' => 'post', 'posts_per_page' => 50]);
    while ($query->have_posts()) { $query->the_post(); the_title(); the_content(); echo get_post()->post_content; }
    exit;
}
add_action('shutdown', function () {
    if (isset($_GET['count_sql'])) { echo '<!-- sql:', $GLOBALS['wpdb']->num_queries, ' -->'; }
}, 0);
"""

CLASSIC_THEME = {
    "style.css": "/*\nTheme Name: Printer\n*/",
    "header.php": "<!DOCTYPE html><html><head><?php wp_head(); ?></head><body>THEME-HEADER ",
    "footer.php": "<?php wp_footer(); ?>THEME-FOOTER</body></html>",
    "comments.php": "<?php wp_list_comments(); comments_number();",
    "index.php": """<?php get_header(); echo 'THEME-CONTENT';
while (have_posts()) { the_post(); the_title(); the_content(); the_excerpt();
  echo get_post()->post_content, get_post()->post_excerpt, get_post()->post_content_filtered;
  previous_post_link(); next_post_link(); comments_template(); }
dynamic_sidebar('side');
get_footer();""",
}

BLOCK_THEME = {
    "style.css": "/*\nTheme Name: Blocky\n*/",
    "templates/index.html": f"""<!-- wp:paragraph --><p>File for {NAME_TAG}{MEMBERS_TAG}XYZZY {MEMBERS_TAG}XYZZY{MEMBERS_END} XYZZY{MEMBERS_END}</p><!-- /wp:paragraph -->
<!-- wp:template-part {{"slug":"part","theme":"blocky"}} /--><!-- wp:post-content /-->""",
    "parts/part.html": f"<!-- wp:paragraph --><p>Part for {NAME_TAG}{MEMBERS_TAG}XYZZY{MEMBERS_END}</p><p>{MEMBERS_TAG}a {MEMBERS_TAG}b{MEMBERS_END} NESTED-END{MEMBERS_END}</p><!-- /wp:paragraph -->",
}

PRINTERS = {
    "recent": "<?php foreach (wp_get_recent_posts(['numberposts' => 50]) as $post) { echo $post['post_content'], $post['post_excerpt']; }",
    "get_posts": """<?php foreach (get_posts(['numberposts' => 50]) as $post) { setup_postdata($post); the_title(); the_content(); the_excerpt();
  echo $post->post_content; } wp_reset_postdata();""",
    "get_post": "<?php $post = get_post(GUARDED); setup_postdata($post); the_content(); the_excerpt(); echo get_the_content(null, false, GUARDED), get_post_field('post_content', GUARDED, 'display'); wp_reset_postdata();",
    "whole": "<?php echo get_the_content(null, false, PAGE);",
    "excerpt": "<?php echo get_the_excerpt(GUARDED);",
    "pages": "<?php foreach (get_pages() as $page) { echo $page->post_content, apply_filters('the_content', $page->post_content); }",
    "one_comment": "<?php comment_text(COMMENT); echo get_comment_text(COMMENT), get_comment_excerpt(COMMENT);",
    "comments": "<?php foreach (get_comments() as $comment) { echo $comment->comment_content; } the_widget('WP_Widget_Recent_Comments'); echo do_blocks('<!-- wp:latest-comments {\"displayExcerpt\":true} /-->');",
    "widgets_only": "<?php get_posts(['include' => [OPEN]]); wp_list_pages(); the_widget('WP_Widget_Meta');",
    "widgets": "<?php the_widget('WP_Widget_Recent_Posts');",
    "query_loop": """<?php echo do_blocks('<!-- wp:query {"query":{"perPage":50,"postType":"post","inherit":false}} --><div class="wp-block-query"><!-- wp:post-template --><!-- wp:post-title /--><!-- wp:post-content /--><!-- wp:post-excerpt /--><!-- /wp:post-template --></div><!-- /wp:query -->');""",
    "shortcode": f"""<?php echo do_shortcode("Hi {NAME_TAG}! {MEMBERS_TAG}only {NAME_TAG}{MEMBERS_END}");""",
    "attachment": '<?php echo wp_get_attachment_caption(ATTACHMENT), do_shortcode(\'[gallery ids="ATTACHMENT" columns="1"]\');',
}


@dataclass
class World:
    """A paired site, its scripted sidecar, and what the sidecar would have in its database."""

    site: Site
    sidecar: ScriptedSidecar
    ids: dict[str, int] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    answers: Json = field(default_factory=dict)
    closed_answer: Json = field(default_factory=dict)
    cache: Json = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    unwell: bool = False

    def reset(self) -> None:
        """A healthy sidecar that has forgotten what it was asked; only Alice may see what is guarded."""
        self.closed_answer, self.answers, self.cache = {}, {"act": "teaser", "url": "", "status": 403}, {}
        self.closed = {self.ids["guarded"], self.ids["guarded_page"]}
        self.sidecar.answer("/bridge/v1/page", self.page)
        self.sidecar.answer("/bridge/v1/search", self.search)
        self.sidecar.forget()

    def mend(self) -> None:
        """The sidecar is well again, and the bridge does not wait to find out."""
        self.sidecar.heal()
        self.sidecar.up()
        self.site.get("/?mend")
        self.unwell = False

    def mend_if_unwell(self) -> None:
        if self.unwell:
            self.mend()

    def away(self) -> None:
        """Nobody listens, until the test ends."""
        self.unwell = True
        self.sidecar.down()

    def fault(self, fault: Fault | None) -> None:
        """Misbehave from now on, until the test ends."""
        self.unwell = True
        self.sidecar.fault = fault

    def page(self, request: Request) -> Json:
        asked = request.body
        user = (asked["viewer"] or {}).get("user")
        for key, text in bodies_of(request).items():
            self.texts[key] = text.decode()
        posts = {str(post["id"]): self.post_part(post, user) for post in asked.get("posts", [])}
        denied = asked["view"].get("object") in self.closed and not self.may_see(user)
        return a_page(
            posts=posts,
            texts={text["hash"]: self.text_part(text["hash"], user) for text in asked.get("texts", [])},
            object=self.answers if denied else {"act": "show", "url": "", "status": 200},
            page={"cache": "private", "until": None, **self.cache},
        )

    def search(self, request: Request) -> Json:
        user = (request.body["viewer"] or {}).get("user")
        level = "open" if self.may_see(user) else "closed"
        return {
            "content": True,
            "types": {},
            "terms": {},
            "posts": {str(post): level for post in self.closed},
        }

    def may_see(self, user: int | None) -> bool:
        return user == self.ids["alice"]

    def post_part(self, post: Json, user: int | None) -> Json:
        if post["hash"] and post["hash"] not in self.texts:
            return a_post(show="closed", need=True)
        splices = self.splices(self.texts[post["hash"]], user) if post["hash"] else []
        if post["id"] in self.closed and not self.may_see(user) and not post["editor"]:
            return a_post(show="closed", notice=NOTICE, code=100020, splices=splices, **self.closed_answer)
        return a_post(splices=splices)

    def text_part(self, key: str, user: int | None) -> Json:
        if key not in self.texts:
            return {"splices": [], "need": True}
        return {"splices": self.splices(self.texts[key], user), "need": False}

    def splices(self, text: str, user: int | None) -> list[list[Any]]:
        """The simplest renderer: first names, and what is between (nested) decision tags for members alone."""
        source, name = text.encode(), self.members.get(user or 0, "friend").encode()
        found: list[list[Any]] = []
        open_tags = []
        for tag in TAGS.finditer(source):
            if tag[0].startswith(b"[/"):
                opener = open_tags.pop()
                inside = DECISIONS.sub(b"", source[opener.end() : tag.start()]).replace(
                    NAME_TAG.encode(), name
                )
                if not open_tags:
                    found.append([opener.start(), tag.end(), inside.decode() if user else ""])
            elif b"_Decision" in tag[0]:
                open_tags.append(tag)
            elif not open_tags:
                found.append([tag.start(), tag.end(), name.decode()])
        return found

    def get(self, path: str, user: str | None = None, **options: Any) -> requests.Response:
        """GET as somebody, redirects followed."""
        return self.site.get(path, user=user, **{"allow_redirects": True, **options})

    def rest(
        self, path: str, user: str | None = None, method: str = "GET", **options: Any
    ) -> requests.Response:
        """A REST request with the user's nonce, as the block editor sends it."""
        headers = {"X-WP-Nonce": self.nonce(user)} if user else {}
        return self.site.request(method, f"/wp-json{path}", user=user, headers=headers, **options)

    def nonce(self, user: str) -> str:
        if user not in self.nonces:
            self.nonces[user] = self.site.get("/?nonce", user=user).text.strip()
        return self.nonces[user]

    def page_calls(self) -> list[Json]:
        return [request.body for request in self.sidecar.requests_to("/bridge/v1/page")]

    def guard_posts(self) -> None:
        """The usual rule index: the two guarded posts, by themselves."""
        self.index(posts=[self.ids["guarded"], self.ids["guarded_page"]])

    def index(self, **parts: Any) -> None:
        """Give the bridge a rule index."""
        self.sidecar.answer("/bridge/v1/index", an_index(**parts))
        refetch_index(self.site)


def everything(response: requests.Response) -> str:
    """All that went over the wire, headers and every redirect's too; JSON also decoded."""
    parts = []
    for one in [*response.history, response]:
        parts += [one.url, str(dict(one.headers)), one.text]
        if "json" in one.headers.get("Content-Type", ""):
            parts.append(json.dumps(one.json(), ensure_ascii=False))
    return "\n".join(parts)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def guarded_text(pattern: int) -> str:
    return (
        "<!-- wp:paragraph --><p>Leadword stands first.</p><!-- /wp:paragraph -->\n\n"
        "<!-- wp:more --><!--more--><!-- /wp:more -->\n\n"
        "<!-- wp:paragraph --><p>XYZZY-BODY is what they pay for.</p><!-- /wp:paragraph -->\n\n"
        f'<!-- wp:block {{"ref":{pattern}}} /-->\n\n'
        "<!-- wp:footnotes /-->\n\n"
        "<!-- wp:nextpage --><!--nextpage--><!-- /wp:nextpage -->\n\n"
        "<!-- wp:paragraph --><p>XYZZY-PAGE2 comes later.</p><!-- /wp:paragraph -->"
    )


def build(site: Site, sidecar: ScriptedSidecar) -> World:
    """Fill the site: its users, the guarded posts and all that hangs on them, the theme and the printers."""
    world = World(site, sidecar)
    for login, name in {"alice": "Anna", "bob": "Robert"}.items():
        world.ids[login] = site.user(login, first_name=name)
        world.members[world.ids[login]] = name
    world.ids["author"] = site.user("author", role="author")
    world.ids["contributor"] = site.user("contributor", role="contributor")
    world.ids["editor"] = site.user("editor", role="editor")
    world.members |= {world.ids["editor"]: "Edith", 1: "Admin"}
    ids = json.loads(
        site.php(
            FILLING,
            json.dumps({"text": guarded_text(987654), "name": NAME_TAG}),
        )
    )
    world.ids |= ids
    for theme, files in (("printer", CLASSIC_THEME), ("blocky", BLOCK_THEME)):
        for name, code in files.items():
            write(site, f"test-themes/{theme}/{name}", code)
    for name, source in PRINTERS.items():
        code = (
            source.replace("GUARDED", str(ids["guarded"]))
            .replace("ATTACHMENT", str(ids["attachment"]))
            .replace("OPEN", str(ids["after"]))
            .replace("PAGE", str(ids["guarded_page"]))
            .replace("COMMENT", str(ids["comment"]))
        )
        write(site, f"printers/{name}.php", code)
    return world


FILLING = r"""
$given = json_decode($args[0], true);
$make = fn($fields) => wp_insert_post(wp_slash($fields + ['post_status' => 'publish', 'post_author' => 1, 'post_type' => 'post']), true);
$ids = [];
$ids['pattern'] = $make(['post_type' => 'wp_block', 'post_title' => 'A pattern', 'post_content' => '<!-- wp:paragraph --><p>XYZZY-PATTERN inside.</p><!-- /wp:paragraph -->']);
$ids['category'] = wp_insert_term('Guarded things', 'category')['term_id'];
$ids['tag'] = wp_insert_term('guardedtag', 'post_tag')['term_id'];
$ids['before'] = $make(['post_title' => 'Before', 'post_name' => 'before', 'post_content' => 'Open text before.', 'post_date' => '2024-03-01 10:00:00']);
$ids['guarded'] = $make(['post_title' => 'Guarded', 'post_name' => 'guarded', 'post_date' => '2024-03-02 10:00:00', 'post_author' => get_user_by('login', 'author')->ID,
  'post_content' => str_replace('987654', $ids['pattern'], $given['text']), 'post_excerpt' => 'XYZZY-EXCERPT written.', 'post_content_filtered' => 'XYZZY-FILTERED',
  'post_category' => [$ids['category']], 'tags_input' => ['guardedtag'], 'comment_status' => 'open', 'ping_status' => 'open',
  'meta_input' => ['_builder_text' => 'XYZZY-BUILDER', 'open_field' => 'XYZZY-META', 'footnotes' => '[{"content":"XYZZY-NOTE","id":"n1"}]']]);
$ids['after'] = $make(['post_title' => 'After', 'post_name' => 'after', 'post_content' => 'Open text after.', 'post_date' => '2024-03-03 10:00:00']);
$ids['guarded_page'] = $make(['post_type' => 'page', 'post_title' => 'Guarded page', 'post_name' => 'guarded-page', 'post_content' => 'XYZZY-WHOLEPAGE text.']);
$ids['open_page'] = $make(['post_type' => 'page', 'post_title' => 'Open page', 'post_name' => 'open-page', 'post_content' => 'Open page text.']);
$ids['tagged'] = $make(['post_title' => 'Tagged', 'post_name' => 'tagged', 'post_date' => '2024-02-01 10:00:00', 'post_content' => "Hello {$given['name']}! [MM_Member_Decision isMember='true']For members: [loud]{$given['name']}[/loud][/MM_Member_Decision] End."]);
$ids['attachment'] = wp_insert_attachment(wp_slash(['post_title' => 'Picture', 'post_name' => 'picture', 'post_excerpt' => 'XYZZY-CAPTION', 'post_content' => 'XYZZY-DESCRIPTION', 'post_mime_type' => 'image/png', 'post_author' => 1]), 'picture.png', $ids['guarded']);
$ids['comment'] = wp_insert_comment(['comment_post_ID' => $ids['guarded'], 'comment_content' => 'XYZZY-COMMENT', 'comment_author' => 'Zed', 'comment_approved' => 1]);
$ids['open_comment'] = wp_insert_comment(['comment_post_ID' => $ids['after'], 'comment_content' => 'OPEN-COMMENT', 'comment_author' => 'Zed', 'comment_approved' => 1]);
update_option('wp_attachment_pages_enabled', 1);
update_option('posts_per_rss', 50); update_option('posts_per_page', 50);
flush_rewrite_rules();
echo json_encode($ids);
"""


def write(site: Site, name: str, text: str) -> None:
    path = site.content / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
