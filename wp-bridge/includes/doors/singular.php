<?php
/**
 * The page of a closed post: redirect, status, cache headers, and a template in place of the theme's.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** How long browsers and search engines are asked to wait while nobody can be asked, in seconds. */
const RETRY_AFTER_SECONDS = 120;

/** How long a page is kept at most that nobody else has said anything about: authors correct their pages. */
const KEPT_AT_MOST_SECONDS = 600;

/** The page's own post where the viewer is refused it, as the query holds it; null otherwise. */
function closed_object(): ?\WP_Post {
	$object = is_singular() ? get_queried_object() : null;
	if ( ! $object instanceof \WP_Post ) {
		return null;
	}
	return is_closed( $object ) ? $object : null;
}

/** On `template_redirect`, first: everything that must be said before the first byte. */
function answer_the_page(): void {
	if ( is_feed() || is_embed() ) {
		send_cache_headers( null );
		return;
	}
	$act = page()->object;
	if ( 'redirect' === $act['act'] && is_singular() && '' !== $act['url'] && null === preview() ) {
		send_cache_headers( null );
		record_reading();
		redirect_with_code( $act['url'], 0 );
	}
	$object = closed_object();
	send_cache_headers( $object );
	if ( null !== $object ) {
		status_header( status_of_closed( $object ) );
	}
	if ( null !== $object && 'attachment' === $object->post_type ) {
		remove_action( 'template_redirect', 'redirect_canonical' ); // Where attachments have no pages, it goes to the file.
	}
}

/** 503 while nobody can be asked; else what the sidecar said, or 403 where it said nothing fit for a closed page. */
function status_of_closed( \WP_Post $object ): int {
	if ( view_of( original_of( $object ) )->is_unanswered ) {
		header( 'Retry-After: ' . RETRY_AFTER_SECONDS );
		return 503;
	}
	$status = page()->object['status'];
	return 'teaser' === page()->object['act'] && $status >= 200 && $status < 600 ? $status : 403;
}

/** Say who may keep this page. Where nothing on it depends on who looks, WordPress and its caches decide as ever. */
function send_cache_headers( ?\WP_Post $closed_object ): void {
	$page = page();
	if ( '' === $page->cache && null === viewer() && null === $closed_object ) {
		return;
	}
	$is_public = 'public' === $page->cache && null === viewer() && ! is_preview()
		&& ( null === $closed_object || ! view_of( original_of( $closed_object ) )->is_unanswered );
	if ( ! $is_public ) {
		forbid_caching();
	} elseif ( null !== $page->until && ! is_keeping_forbidden() ) {
		shorten_keeping( max( 0, $page->until - time() ) );
	}
}

/** Whether others have said that nobody keeps this page, or whether it holds what WordPress knows of this visitor. */
function is_keeping_forbidden(): bool {
	$cookies = implode( "\n", array_keys( $_COOKIE ) );
	$object  = get_queried_object();
	return ( defined( 'DONOTCACHEPAGE' ) && DONOTCACHEPAGE )
		|| 1 === preg_match( '/\b(?:no-store|no-cache|private)\b/i', header_to_be_sent( 'Cache-Control' ) )
		|| 1 === preg_match( '/^(?:comment_author_|wp-postpass_)/m', $cookies )
		|| ( $object instanceof \WP_Post && '' !== $object->post_password );
}

/** Let a page that may be kept be kept for so many seconds at most. What others have said is shortened, never widened. */
function shorten_keeping( int $seconds ): void {
	$said    = header_to_be_sent( 'Cache-Control' );
	$expires = header_to_be_sent( 'Expires' );
	if ( '' === $said ) {
		$longest = '' === $expires ? KEPT_AT_MOST_SECONDS : (int) strtotime( $expires ) - time();
		$said    = 'max-age=' . max( 0, min( $seconds, $longest ) );
		header( 'Vary: Cookie', false ); // Who signs in does not meet the page that his browser has kept.
	}
	header( 'Cache-Control: ' . with_shorter_ages( $said, $seconds ) );
}

/** A Cache-Control value whose ages are so many seconds at most. */
function with_shorter_ages( string $said, int $seconds ): string {
	$shorten = static function ( array $age ) use ( $seconds ): string {
		return $age[1] . min( (int) $age[2], $seconds );
	};
	return (string) preg_replace_callback( '/\b((?:s-)?max-?age\s*=\s*"?)(\d+)/i', $shorten, $said );
}

/** What a header will say as it stands, or ''. */
function header_to_be_sent( string $name ): string {
	foreach ( headers_list() as $line ) {
		if ( 0 === stripos( $line, $name . ':' ) ) {
			return trim( substr( $line, strlen( $name ) + 1 ) );
		}
	}
	return '';
}

/** No cache may keep this page, neither a plugin's nor one on the way. */
function forbid_caching(): void {
	defined( 'DONOTCACHEPAGE' ) || define( 'DONOTCACHEPAGE', true );
	if ( ! headers_sent() ) {
		header( 'Cache-Control: private, no-store' );
		header_remove( 'Last-Modified' );
		header_remove( 'ETag' );
	}
}

/** Filter `pre_handle_404`: page 2 of a closed post is closed, not missing. */
function keep_closed_from_404( $handled ) {
	return $handled || null !== closed_object();
}

/** Filter `template_include`, last: a closed page never reaches the theme's content template. */
function choose_closed_template( $file ) {
	if ( is_embed() || null === closed_object() ) {
		return $file;
	}
	return GATEPOST_DIR . '/templates/' . ( wp_is_block_theme() ? 'closed-canvas.php' : 'closed.php' );
}

/** The block that prints a part of the theme's, named as WordPress before 6.4 wants it. */
function template_part_block( string $slug ): string {
	$attributes = array(
		'slug'    => $slug,
		'theme'   => get_stylesheet(),
		'tagName' => $slug,
	);
	return get_comment_delimited_block_content( 'core/template-part', $attributes, '' );
}

/** What stands on a closed page below its title: the excerpt or the lead, and the notice. */
function closed_page_html(): string {
	$post = closed_object();
	if ( null === $post ) {
		return '';
	}
	$view = view_of( original_of( $post ) );
	$lead = '' === lead_html( $view ) && '' !== $view->excerpt && ! post_password_required( $post ) ? wpautop( $view->excerpt ) : '';
	return $lead . closed_html( $post, $view );
}
