<?php
/**
 * The second net and the last word: filters on printed content and excerpts.
 *
 * First in line, text that came past the queries is replaced. Last in line, a closed post is closed once more,
 * whatever others have printed in between: page builders take their text from post meta. Tags are rendered in sources
 * alone: a finished text also holds comments, search words and what other plugins' users wrote.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** The posts whose excerpts are being made, the innermost last: their content is filtered under another global post. */
function &excerpted_posts(): array {
	static $posts = array();
	return $posts;
}

/** The post that is being printed, or null. */
function current_post(): ?\WP_Post {
	$excerpted = excerpted_posts();
	$post      = array() === $excerpted ? get_post() : end( $excerpted );
	return $post instanceof \WP_Post ? $post : null;
}

/** The view of what is being printed, or null where nothing about it depends on who looks. */
function current_view(): ?View {
	$post = current_post();
	$post = null === $post ? null : original_of( $post );
	return null !== $post && has_a_view( $post ) ? view_of( $post ) : null;
}

/** Filter `the_content`, first. */
function show_content( $text ) {
	$given = (string) $text;
	$text  = resolved_text( $given );
	$post  = current_post();
	$other = $text === $given ? other_post_with( $text, $post ) : null;
	if ( null !== $other ) {
		return view_of( $other )->text;
	}
	if ( null === $post || ! is_an_original( $post ) ) {
		return $text;
	}
	$view = current_view();
	if ( null === $view ) {
		return $text;
	}
	if ( $view->is_closed ) {
		return $view->text;
	}
	return $text === $post->post_content ? $view->text : $text;
}

/** The governed post, not the current one, whose source is being printed; null as a rule, and then without any SQL. */
function other_post_with( string $text, ?\WP_Post $current ): ?\WP_Post {
	if ( null !== $current && ( array() !== excerpted_posts() || is_text_of( $current, $text ) ) ) {
		return null;
	}
	$found = is_a_given_text( $text ) ? null : governed_post_with( $text );
	return null === $found || is_source_wanted( $found ) ? null : $found;
}

/** Whether a text is the post's, whole, a page of it, or its lead with a link or the rest after it. */
function is_text_of( \WP_Post $post, string $text ): bool {
	if ( '' === trim( $text ) || false !== strpos( $post->post_content, $text ) ) {
		return true;
	}
	$lead = trim( substr( $post->post_content, 0, (int) lead_end( $post->post_content ) ) );
	return '' !== $lead && 0 === strpos( ltrim( $text ), $lead );
}

/** Filter `the_content`, last, and `the_content_feed`. */
function close_content( $html ) {
	$view = current_view();
	if ( null !== $view && $view->is_closed ) {
		return closed_html( current_post(), $view );
	}
	return with_inert_tags( (string) $html );
}

/** Filter `get_the_excerpt`, first. */
function show_excerpt( $excerpt, $post = null ) {
	$posts   = &excerpted_posts();
	$post    = get_post( $post );
	$posts[] = $post;
	$view    = current_view();
	if ( null === $view || ! is_an_original( $post ) || $excerpt !== $post->post_excerpt ) {
		return $excerpt;
	}
	return $view->excerpt;
}

/** Filter `get_the_excerpt`, last. */
function close_excerpt( $excerpt ) {
	$view  = current_view();
	$post  = current_post();
	$posts = &excerpted_posts();
	array_pop( $posts );
	if ( null !== $view && $view->is_closed ) {
		return closed_excerpt( $post, $view );
	}
	return with_inert_tags( (string) $excerpt );
}

/** Filters `the_excerpt` and `the_excerpt_embed`, last: HTML, where the notice may stand. */
function close_printed_excerpt( $html ) {
	$view = current_view();
	if ( null === $view || ! $view->is_closed ) {
		return with_inert_tags( (string) $html );
	}
	$excerpt = closed_excerpt( current_post(), $view );
	return '' === $excerpt ? $view->notice : wpautop( $excerpt );
}

/** Filter `the_excerpt_rss`, last. */
function close_feed_excerpt( $text ) {
	$view = current_view();
	return null !== $view && $view->is_closed ? closed_excerpt( current_post(), $view ) : with_inert_tags( (string) $text );
}

/** Filters `post_content` and `post_excerpt` (get_post_field() for display): `$field` is the current filter's name. */
function show_field( $value, $post_id ) {
	$post = get_post( (int) $post_id );
	if ( ! $post || ! is_an_original( $post ) || is_source_wanted( $post ) || ! has_a_view( $post ) ) {
		return $value;
	}
	$view = view_of( $post );
	if ( 'post_excerpt' === current_filter() ) {
		return $view->excerpt;
	}
	return $view->is_closed || $value === $post->post_content ? $view->text : $value;
}

/** What a closed post's content is: its lead, run through what WordPress does with content, and the notice. */
function closed_html( \WP_Post $post, View $view ): string {
	static $inside = array(); // A lead may hold a block that lists this very post.
	if ( isset( $inside[ $post->ID ] ) || post_password_required( $post ) ) {
		return $view->notice;
	}
	$inside[ $post->ID ] = true;
	$html                = lead_html( $view ) . $view->notice;
	unset( $inside[ $post->ID ] );
	return $html;
}

/** The lead as HTML: the view's text without the notice. */
function lead_html( View $view ): string {
	return text_html( rtrim( substr( $view->text, 0, strlen( $view->text ) - strlen( $view->notice ) ) ) );
}

/** Do with a text what WordPress does with content; other plugins' shortcodes in it work, as it is shown. */
function text_html( string $text ): string {
	if ( '' === $text ) {
		return '';
	}
	$html = has_blocks( $text ) ? do_blocks( $text ) : shortcode_unautop( wpautop( wptexturize( $text ) ) );
	return wp_filter_content_tags( do_shortcode( $html ) );
}

/** A closed post's excerpt as text: the written one where it may be shown, else the start of the lead, else ''. */
function closed_excerpt( \WP_Post $post, View $view ): string {
	if ( post_password_required( $post ) ) {
		return '';
	}
	if ( '' !== $view->excerpt ) {
		return $view->excerpt;
	}
	return wp_trim_words( wp_strip_all_tags( strip_shortcodes( lead_html( $view ) ) ) );
}

/** Filter `get_post_galleries`: themes print a closed post's galleries in place of its content. */
function hide_galleries( $galleries, $post = null ) {
	$post = get_post( $post );
	return $post && is_closed( $post ) ? array() : $galleries;
}

/** Filter `wp_get_attachment_caption`. */
function hide_caption( $caption, $post_id ) {
	$post = get_post( (int) $post_id );
	if ( $post && is_closed( $post ) ) {
		return '';
	}
	return $post && $caption === $post->post_excerpt ? render_text( (string) $caption, $post->ID ) : with_inert_tags( (string) $caption );
}

/** Filters `rss_enclosure` and `atom_enclosure`: the address of a file that a feed's current post links to. */
function hide_enclosure( $tag ) {
	$post = current_post();
	return null !== $post && is_closed( $post ) ? '' : $tag;
}

/** Whether this viewer is refused the post: one that a rule protects, or that an answer of this request has closed. */
function is_closed( \WP_Post $post ): bool {
	$original = original_of( $post );
	if ( ( ! is_governed( $original ) && ! isset( page()->posts[ $original->ID ] ) ) || is_never_shut_out( $original ) ) {
		return false;
	}
	return view_of( $original )->is_closed;
}
