<?php
/**
 * Where text is replaced: on the queries' own posts, before WordPress splits, filters or runs anything of it.
 *
 * What changes is always a clone with the mark `gatepost_view`. The post as the database has it goes into
 * WordPress's object cache, the clone never does: the cache may outlive the request and serve somebody else.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Filter `the_posts`, first and again last, since others add posts in between. */
function show_query_posts( $posts, $query ) {
	if ( ! is_array( $posts ) || ! $query instanceof \WP_Query || $query->get( 'gatepost_lazy' ) ) {
		return $posts;
	}
	$is_page = is_page_query( $query );
	if ( $is_page && prints_no_posts( $query ) ) {
		return array_map( 'Gatepost\with_lazy_text', array_filter( $posts, 'Gatepost\is_a_post' ) );
	}
	if ( $is_page ) {
		note_reading( $query, $posts );
		note_posts_of_the_page( array_filter( $posts, 'Gatepost\is_a_post' ) );
	}
	$shown = shown_posts( $posts, $is_page, $is_page ? texts_of_the_page( $query, $posts ) : array() );
	if ( $shown !== $posts ) {
		keep_originals_in_cache( $query, array_filter( $posts, 'Gatepost\is_an_original' ) );
	}
	if ( $query->is_comment_feed() ) {
		hide_feed_comments( $query );
	}
	return $shown;
}

/** Do for the posts as they are what the query would do next, and keep it from doing it with what they have become. */
function keep_originals_in_cache( \WP_Query $query, array $posts ): void {
	if ( $query->get( 'cache_results' ) && array() !== $posts ) {
		update_post_caches( $posts, 'any', $query->get( 'update_post_term_cache' ), $query->get( 'update_post_meta_cache' ) );
	}
	$query->set( 'cache_results', false );
}

/** The main query of a page or feed that a reader asked for. */
function is_page_query( \WP_Query $query ): bool {
	return $query->is_main_query() && ! is_admin() && ! defined( 'XMLRPC_REQUEST' );
}

/** Sitemaps, robots.txt and the icon run a main query as every request does, and print nothing of it. */
function prints_no_posts( \WP_Query $query ): bool {
	return $query->is_robots() || $query->is_favicon() || '' !== $query->get( 'sitemap' ) || '' !== $query->get( 'sitemap-stylesheet' );
}

/**
 * Filter `posts_pre_query`, last: queries that suppress filters never come by `the_posts`, and many themes print
 * what they find. So the query is made here, exactly as WordPress would make it, and its posts are shown.
 */
function show_unfiltered_query( $posts, $query ) {
	if ( ! $query instanceof \WP_Query || ! $query->get( 'suppress_filters' ) || ! in_array( $query->get( 'fields' ), array( '', 'all' ), true ) ) {
		return $posts;
	}
	return shown_posts( is_array( $posts ) ? $posts : found_by( $query ), false );
}

/** Find a query's posts as WordPress would, and keep them, as they are, in the object cache. */
function found_by( \WP_Query $query ): array {
	$cached = cached_ids( $query );
	if ( null !== $cached ) {
		_prime_post_caches( $cached, $query->get( 'update_post_term_cache' ), $query->get( 'update_post_meta_cache' ) );
		$query->set( 'cache_results', false );
		return array_values( array_filter( array_map( 'get_post', $cached ) ) );
	}
	$posts = posts_by_sql( $query );
	cached_ids( $query, wp_list_pluck( $posts, 'ID' ) );
	keep_originals_in_cache( $query, $posts );
	return $posts;
}

function posts_by_sql( \WP_Query $query ): array {
	global $wpdb;
	$rows = $wpdb->get_results( $query->request ); // phpcs:ignore WordPress.DB -- WP_Query has made it.
	if ( ! $query->get( 'no_found_rows' ) && false !== strpos( $query->request, 'SQL_CALC_FOUND_ROWS' ) ) {
		$query->found_posts   = (int) $wpdb->get_var( 'SELECT FOUND_ROWS()' );
		$query->max_num_pages = (int) ceil( $query->found_posts / max( 1, (int) $query->get( 'posts_per_page' ) ) );
	}
	return array_values( array_filter( array_map( 'get_post', (array) $rows ) ) );
}

/**
 * What this query found before, as WordPress keeps it by itself for queries that it makes: until any post or term
 * changes, and only where a persistent object cache stands. Give ids to keep them.
 */
function cached_ids( \WP_Query $query, ?array $ids = null ): ?array {
	if ( ! wp_using_ext_object_cache() || ! $query->get( 'cache_results' ) || ! $query->get( 'no_found_rows' ) || false !== stripos( $query->request, 'RAND(' ) ) {
		return null;
	}
	$key = 'query-' . md5( $query->request . wp_cache_get_last_changed( 'posts' ) . wp_cache_get_last_changed( 'terms' ) );
	if ( null !== $ids ) {
		wp_cache_set( $key, $ids, 'gatepost', DAY_IN_SECONDS );
		return $ids;
	}
	$kept = wp_cache_get( $key, 'gatepost' );
	return is_array( $kept ) ? array_map( 'intval', $kept ) : null;
}

/** Each post as this viewer may have it; one call for all of them. Values that are no posts pass. */
function shown_posts( array $posts, bool $first, array $texts = array() ): array {
	$originals = array_filter( $posts, 'Gatepost\is_an_original' );
	prime_what_rules_need( $originals );
	$viewed = array_filter( $originals, 'Gatepost\is_shown_as_a_view' );
	if ( array() !== $viewed || array() !== $texts ) {
		learn_posts( $viewed, $texts, $first );
	}
	foreach ( $viewed as $place => $post ) {
		$posts[ $place ] = view_as_post( $post );
	}
	return $posts;
}

function is_a_post( $post ): bool {
	return $post instanceof \WP_Post;
}

/** Whether this is a post as the database has it, not one that was shown already. */
function is_an_original( $post ): bool {
	return $post instanceof \WP_Post && ! property_exists( $post, 'gatepost_view' );
}

/** Who edits a post gets its source. */
function is_shown_as_a_view( \WP_Post $post ): bool {
	return has_a_view( $post ) && ! is_source_wanted( $post );
}

/** Get meta and terms of all posts at once, where rules need them; WordPress would get them a moment later anyway. */
function prime_what_rules_need( array $posts ): void {
	$index = index();
	$posts = array_filter(
		$posts,
		static function ( \WP_Post $post ): bool {
			return ! is_internal_type( $post->post_type );
		}
	);
	$ids   = wp_list_pluck( $posts, 'ID' );
	$hosts = array_filter( wp_list_pluck( wp_list_filter( $posts, array( 'post_type' => 'attachment' ) ), 'post_parent' ) );
	if ( array() !== $hosts ) {
		_prime_post_caches( $hosts );
	}
	if ( array() !== $ids && 0 !== ( $index['post_count'] ?? 1 ) && ( null !== $index || governs_everything() ) ) {
		update_meta_cache( 'post', $ids );
	}
	if ( array() !== $ids && array() !== ( $index['terms'] ?? array() ) ) {
		update_object_term_cache( $ids, array_unique( wp_list_pluck( $posts, 'post_type' ) ) );
	}
}

/** A clone of the post that holds what the viewer may have, or the post itself where that is all of it. */
function view_as_post( \WP_Post $post ): \WP_Post {
	$view = view_of( $post );
	if ( ! $view->is_closed && $view->text === $post->post_content && $view->excerpt === $post->post_excerpt ) {
		return $post;
	}
	$shown                        = clone $post;
	$shown->post_content          = $view->text;
	$shown->post_excerpt          = $view->excerpt;
	$shown->post_content_filtered = '';
	$shown->gatepost_view         = $view->is_closed ? 'closed' : 'open';
	if ( $view->text !== $post->post_content ) {
		note_given_text( $post->ID, $view->text );
	}
	return $shown;
}

/** The post as the database has it. */
function original_of( \WP_Post $post ): \WP_Post {
	if ( is_an_original( $post ) ) {
		return $post;
	}
	$original = get_post( $post->ID );
	return $original && is_an_original( $original ) ? $original : $post;
}

/**
 * Filter `content_pagination`: posts that came by get_post() and go to a template. What WordPress has just split was
 * the source; it splits the view instead.
 */
function show_pages_of_a_post( $pages, $post ) {
	if ( ! is_an_original( $post ) || is_source_wanted( $post ) ) {
		return $pages;
	}
	$source = is_lazy_text( $post->post_content ) ? get_post( $post->ID ) : $post;
	if ( ! $source || ( $source === $post && ! has_a_view( $post ) ) ) {
		return $pages;
	}
	return pages_of( view_as_post( $source ) );
}

/** Have WordPress split a view's text into pages. */
function pages_of( \WP_Post $post ): array {
	$marked                = clone $post;
	$marked->gatepost_view = $marked->gatepost_view ?? 'open'; // So that the filter above leaves it alone.
	return $GLOBALS['wp_query']->generate_postdata( $marked )['pages'];
}

/** Filter `get_pages_query_args` (WordPress 6.3 and later): see below. */
function mark_pages_query( array $arguments ): array {
	return array( 'gatepost_lazy' => true ) + $arguments;
}

/**
 * Filter `get_pages`, last: menus list pages on every page of a site and print their titles. Asking the sidecar each
 * time would be dear, so each text that needs it becomes a token; whoever has it filtered as content gets the view.
 */
function show_listed_pages( $pages, $arguments = array() ) {
	if ( ! is_array( $pages ) ) {
		return $pages;
	}
	$only_titles = prints_only_titles( (array) $arguments );
	if ( ! $only_titles ) {
		prime_what_rules_need( array_filter( $pages, 'Gatepost\is_an_original' ) );
	}
	foreach ( $pages as $place => $page ) {
		if ( is_an_original( $page ) && ( $only_titles || has_a_view( $page ) ) && ! is_source_wanted( $page ) ) {
			$pages[ $place ] = with_lazy_text( $page );
		}
	}
	return $pages;
}

/** WordPress's own lists of pages: finding out which of them a rule protects would cost a query on every page. */
function prints_only_titles( array $arguments ): bool {
	$block = \WP_Block_Supports::$block_to_render['blockName'] ?? '';
	return isset( $arguments['title_li'] ) || in_array( $block, array( 'core/navigation', 'core/page-list' ), true );
}

function with_lazy_text( \WP_Post $post ): \WP_Post {
	$lazy                        = clone $post;
	$lazy->post_content          = lazy_text( $post->ID );
	$lazy->post_excerpt          = '';
	$lazy->post_content_filtered = '';
	return $lazy;
}

function lazy_text( int $post_id ): string {
	return "<!-- gatepost:{$post_id} -->";
}

function is_lazy_text( string $text ): bool {
	return 1 === preg_match( '/\A<!-- gatepost:\d+ -->\z/', $text );
}

/** The view for a token, whatever else it stands in. */
function resolved_text( string $text ): string {
	if ( false === strpos( $text, '<!-- gatepost:' ) ) {
		return $text;
	}
	return (string) preg_replace_callback(
		'/<!-- gatepost:(\d+) -->/',
		static function ( array $token ): string {
			$post = get_post( (int) $token[1] );
			return $post && is_an_original( $post ) && 'publish' === $post->post_status && ! post_password_required( $post ) ? view_of( $post )->text : '';
		},
		$text
	);
}
