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
	if ( 'redirect' === $act['act'] && is_singular() && '' !== $act['url'] ) {
		send_cache_headers( null );
		record_reading();
		redirect_with_code( $act['url'], 0 );
	}
	$object = closed_object();
	send_cache_headers( $object );
	if ( null !== $object ) {
		status_header( status_of_closed( $object ) );
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
	} elseif ( null !== $page->until ) {
		header( 'Cache-Control: public, max-age=0, s-maxage=' . max( 0, $page->until - time() ) );
	}
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
