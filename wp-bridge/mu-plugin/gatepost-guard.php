<?php
/**
 * Plugin Name: Gatepost guard
 * Description: Keeps what Gatepost protects closed when the Gatepost plugin is deactivated or missing. Copy this file to wp-content/mu-plugins/ to use it.
 * Version:     0.1.0
 * License:     GPL-2.0-or-later
 * Text Domain: gatepost
 *
 * It knows what is protected from the rule index that the plugin left in the database, and nothing of members: it is
 * closed to all who may not edit the post. Beside the running plugin it does nothing.
 *
 * @package Gatepost
 */

namespace Gatepost_Guard;

defined( 'ABSPATH' ) || exit;

add_action( 'plugins_loaded', 'Gatepost_Guard\stand_guard' );

/** Every hook of the guard. */
function stand_guard(): void {
	if ( defined( 'GATEPOST_VERSION' ) || ! protects_anything() ) {
		return;
	}
	add_action( 'init', 'Gatepost_Guard\load_translations' );
	add_action( 'pre_get_posts', 'Gatepost_Guard\filter_all_queries', PHP_INT_MAX );
	add_filter( 'the_posts', 'Gatepost_Guard\close_posts', PHP_INT_MAX, 2 );
	add_action( 'template_redirect', 'Gatepost_Guard\close_page', PHP_INT_MIN );
	foreach ( array( 'the_content', 'the_content_feed', 'the_excerpt', 'the_excerpt_embed', 'the_excerpt_rss' ) as $printed ) {
		add_filter( $printed, 'Gatepost_Guard\close_printed', PHP_INT_MAX );
	}
	add_filter( 'get_the_excerpt', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	add_filter( 'post_content', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	add_filter( 'post_excerpt', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	foreach ( array( 'the_content', 'widget_text', 'widget_block_content', 'widget_custom_html_content' ) as $source ) {
		add_filter( $source, 'Gatepost_Guard\without_tags', PHP_INT_MIN );
	}
	add_filter( 'render_block_data', 'Gatepost_Guard\list_titles_only', PHP_INT_MAX );
	add_filter( 'block_bindings_source_value', 'Gatepost_Guard\close_bound_value', PHP_INT_MAX, 4 );
	add_filter( 'rss_enclosure', 'Gatepost_Guard\close_enclosure', PHP_INT_MAX );
	add_filter( 'atom_enclosure', 'Gatepost_Guard\close_enclosure', PHP_INT_MAX );
	add_filter( 'posts_search', 'Gatepost_Guard\search_titles_only', PHP_INT_MAX, 2 );
	add_filter( 'posts_search_orderby', 'Gatepost_Guard\order_by_date', PHP_INT_MAX );
	add_action( 'pre_get_comments', 'Gatepost_Guard\search_no_comments', PHP_INT_MAX );
	add_filter( 'the_comments', 'Gatepost_Guard\close_comments', PHP_INT_MAX );
	add_filter( 'get_comment_text', 'Gatepost_Guard\close_comment', PHP_INT_MAX, 2 );
	add_filter( 'get_comment_excerpt', 'Gatepost_Guard\close_comment', PHP_INT_MAX, 2 );
	add_action( 'rest_api_init', 'Gatepost_Guard\hook_rest_types', PHP_INT_MAX );
}

/** The plugin's translations, where its folder is still there. */
function load_translations(): void {
	load_plugin_textdomain( 'gatepost', false, 'gatepost/languages' );
}

/** The rule index as it is stored; whether its checksum holds is asked apart. */
function stored_index(): array {
	$index = get_option( 'gatepost_index' );
	return is_array( $index ) ? $index : array();
}

/** Whether the plugin has ever been told what is protected. */
function protects_anything(): bool {
	return false !== get_option( 'gatepost_index' );
}

function is_valid( array $index ): bool {
	$checksum = $index['checksum'] ?? '';
	unset( $index['checksum'] );
	return is_string( $checksum ) && hash_equals( hash( 'sha256', (string) wp_json_encode( $index ) ), $checksum );
}

/** Whether this post is closed to this viewer. A damaged index closes everything that can be viewed. */
function is_closed( $post ): bool {
	$post = get_post( $post );
	if ( ! $post || current_user_can( 'edit_post', $post->ID ) ) {
		return false;
	}
	if ( in_array( $post->post_type, array( 'attachment', 'revision' ), true ) && $post->post_parent > 0 && is_closed( $post->post_parent ) ) {
		return true;
	}
	$index = stored_index();
	if ( ! is_valid( $index ) ) {
		return is_post_type_viewable( $post->post_type );
	}
	return '' !== (string) get_post_meta( $post->ID, '_gatepost_governed', true )
		|| in_array( $post->post_type, $index['types'], true )
		|| array() !== array_intersect( $index['terms'], term_ids( $post ) )
		|| ( array() !== $index['urls'] && is_under( $index['urls'], (string) wp_parse_url( (string) get_permalink( $post ), PHP_URL_PATH ) ) );
}

function term_ids( \WP_Post $post ): array {
	$terms = wp_get_object_terms( $post->ID, get_object_taxonomies( $post->post_type ) );
	$ids   = array();
	foreach ( is_array( $terms ) ? $terms : array() as $term ) {
		$ids = array_merge( $ids, array( $term->term_id ), get_ancestors( $term->term_id, $term->taxonomy, 'taxonomy' ) );
	}
	return $ids;
}

/** Whether a path fits a pattern; upper and lower case, and a final slash, are the same. What is no UTF-8 fits. */
function is_under( array $patterns, string $path ): bool {
	foreach ( $patterns as $pattern ) {
		$quoted = str_replace( '\*', '.*', preg_quote( untrailingslashit( decoded_path( $pattern ) ), '#' ) );
		if ( 0 !== preg_match( '#\A' . $quoted . '/?\z#isu', decoded_path( $path ) ) ) {
			return true;
		}
	}
	return false;
}

/** Percent-encoding resolved, letters with accents composed where PHP can. */
function decoded_path( string $path ): string {
	$composed = class_exists( 'Normalizer' ) ? \Normalizer::normalize( rawurldecode( $path ) ) : false;
	return is_string( $composed ) ? $composed : rawurldecode( $path );
}

/** Take SmartTags out of a text: a decision with all it encloses, and with the rest where it is never closed. */
function without_tags( $text ) {
	if ( ! is_string( $text ) || false === strpos( $text, '[MM_' ) ) {
		return $text;
	}
	$decision = 'MM_\w+?_(?:D|Subd)ecision(?![\w-])';
	do {
		$text = (string) preg_replace( "~\[({$decision})[^\]]*+\](?:(?!\[/?{$decision}).)*+\[/\\1\]~s", '', $text, -1, $found );
	} while ( $found > 0 );
	$text = (string) preg_replace( "~\[{$decision}.*~s", '', $text );
	return (string) preg_replace( '~\[/?MM_[A-Z]\w+[^\]]*\]~', '', $text );
}

/** Queries that suppress filters would pass by the guard. */
function filter_all_queries( $query ): void {
	$query->set( 'suppress_filters', false );
}

function notice(): string {
	return '<p>' . esc_html__( 'This content is for members. It cannot be shown right now; please try again in a few minutes.', 'gatepost' ) . '</p>';
}

/** A closed post keeps its title. In a search it does not appear: being found tells what it says. */
function close_posts( $posts, $query = null ) {
	if ( ! is_array( $posts ) ) {
		return $posts;
	}
	$is_search = $query instanceof \WP_Query && $query->is_search();
	$sources   = array_filter( $posts, 'Gatepost_Guard\is_a_post' );
	update_post_cache( $sources ); // As they are, or the query would keep what they become here.
	$shown = array();
	foreach ( $posts as $post ) {
		if ( ! is_a_post( $post ) || ! is_closed( $post ) ) {
			$shown[] = is_a_post( $post ) ? copy_without_tags( $post ) : $post;
		} elseif ( ! $is_search ) {
			$shown[] = closed_copy( $post );
		}
	}
	return $shown;
}

function is_a_post( $post ): bool {
	return $post instanceof \WP_Post;
}

/** An open post without its tags, but for those who may edit it. */
function copy_without_tags( \WP_Post $post ): \WP_Post {
	if ( false === strpos( $post->post_content . $post->post_excerpt, '[MM_' ) || current_user_can( 'edit_post', $post->ID ) ) {
		return $post;
	}
	$copy               = clone $post;
	$copy->post_content = without_tags( $post->post_content );
	$copy->post_excerpt = without_tags( $post->post_excerpt );
	return $copy;
}

function closed_copy( \WP_Post $post ): \WP_Post {
	$copy               = clone $post;
	$copy->post_content = notice();
	$copy->post_excerpt = '';
	return $copy;
}

/** A closed page never reaches the theme, whose builders print from elsewhere too. */
function close_page(): void {
	if ( ! is_singular() || is_feed() || ! is_closed( get_queried_object_id() ) ) {
		return;
	}
	nocache_headers();
	header( 'Retry-After: 300' );
	wp_die( notice(), esc_html( get_the_title( get_queried_object_id() ) ), array( 'response' => 503 ) ); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped in notice().
}

function close_printed( $text ) {
	return is_closed( get_post() ) ? notice() : $text;
}

/** Filters that name their post, by object or by id. */
function close_field( $text, $post = null ) {
	return is_closed( $post ?? get_post() ) ? '' : without_tags( $text );
}

/** The Latest Posts block prints whole posts past every filter; it prints titles instead. */
function list_titles_only( array $block ): array {
	if ( 'core/latest-posts' === ( $block['blockName'] ?? '' ) ) {
		$block['attrs']['displayPostContent'] = false;
	}
	return $block;
}

function close_bound_value( $value, $source, $arguments = array(), $block = null ) {
	$post = get_post( (int) ( $block->context['postId'] ?? 0 ) );
	return 'core/pattern-overrides' !== $source && is_closed( $post ) ? '' : $value;
}

function close_enclosure( $tag ) {
	return is_closed( get_post() ) ? '' : $tag;
}

/** Filter `posts_search`: a search by content would tell what a closed post says. */
function search_titles_only( $sql, $query = null ) {
	if ( '' === trim( (string) $sql ) || ! $query instanceof \WP_Query || current_user_can( 'edit_others_posts' ) ) {
		return $sql;
	}
	global $wpdb;
	$sql = is_user_logged_in() ? '' : " AND {$wpdb->posts}.post_password = ''";
	foreach ( (array) $query->get( 'search_terms' ) as $term ) {
		$sql .= $wpdb->prepare( " AND {$wpdb->posts}.post_title LIKE %s", '%' . $wpdb->esc_like( ltrim( (string) $term, '-' ) ) . '%' );
	}
	return $sql;
}

function order_by_date(): string {
	return '';
}

/**
 * On `pre_get_comments`: a search in comments finds nothing, as their number would tell what those of a closed post say.
 * Asked for here and not in the SQL, so that no persistent cache answers with what an editor has found.
 */
function search_no_comments( $query ): void {
	if ( '' !== trim( (string) ( $query->query_vars['search'] ?? '' ) ) && ! current_user_can( 'edit_others_posts' ) ) {
		$query->query_vars['comment__in'] = array( 0 );
	}
}

function close_comments( $comments ) {
	if ( ! is_array( $comments ) ) {
		return $comments;
	}
	return array_values(
		array_filter(
			$comments,
			static function ( $comment ): bool {
				return ! $comment instanceof \WP_Comment || ! is_closed( (int) $comment->comment_post_ID );
			}
		)
	);
}

/** `get_comment_text` gives the comment, `get_comment_excerpt` its id. */
function close_comment( $text, $comment = null ) {
	$comment = get_comment( $comment );
	return $comment && is_closed( (int) $comment->comment_post_ID ) ? '' : $text;
}

function hook_rest_types(): void {
	foreach ( get_post_types( array( 'show_in_rest' => true ) ) as $type ) {
		add_filter( "rest_prepare_{$type}", 'Gatepost_Guard\close_in_rest', PHP_INT_MAX, 2 );
	}
	add_filter( 'rest_prepare_comment', 'Gatepost_Guard\close_comment_in_rest', PHP_INT_MAX, 2 );
}

/** Of a closed post REST tells the title and where it is. */
function close_in_rest( $response, $post = null ) {
	if ( ! $response instanceof \WP_REST_Response || ! is_closed( $post ) ) {
		return $response;
	}
	$told = array( 'id', 'date', 'date_gmt', 'modified', 'modified_gmt', 'slug', 'status', 'type', 'title', 'author', 'parent' );
	if ( 'attachment' !== $post->post_type ) {
		$told[] = 'link'; // An attachment's sends on to its file.
	}
	$data = array_intersect_key( $response->get_data(), array_flip( $told ) );
	$response->set_data( $data + array( 'content' => array( 'rendered' => notice(), 'protected' => true ) ) );
	return $response;
}

function close_comment_in_rest( $response, $comment = null ) {
	if ( $response instanceof \WP_REST_Response && $comment instanceof \WP_Comment && is_closed( (int) $comment->comment_post_ID ) ) {
		$response->set_data( array( 'id' => (int) $comment->comment_ID ) );
	}
	return $response;
}
