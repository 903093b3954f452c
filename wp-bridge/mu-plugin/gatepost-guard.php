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
	add_filter( 'the_posts', 'Gatepost_Guard\close_posts', PHP_INT_MAX, 2 );
	add_action( 'template_redirect', 'Gatepost_Guard\close_page', PHP_INT_MIN );
	foreach ( array( 'the_content', 'the_content_feed', 'the_excerpt', 'the_excerpt_embed', 'the_excerpt_rss' ) as $printed ) {
		add_filter( $printed, 'Gatepost_Guard\close_printed', PHP_INT_MAX );
	}
	add_filter( 'get_the_excerpt', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	add_filter( 'post_content', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	add_filter( 'post_excerpt', 'Gatepost_Guard\close_field', PHP_INT_MAX, 2 );
	add_filter( 'post_search_columns', 'Gatepost_Guard\search_titles_only', PHP_INT_MAX );
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
	$ids = wp_get_object_terms( $post->ID, get_object_taxonomies( $post->post_type ), array( 'fields' => 'ids' ) );
	return is_array( $ids ) ? array_map( 'intval', $ids ) : array();
}

/** Whether a path fits a pattern; upper and lower case, and a final slash, are the same. */
function is_under( array $patterns, string $path ): bool {
	foreach ( $patterns as $pattern ) {
		$quoted = str_replace( '\*', '.*', preg_quote( untrailingslashit( $pattern ), '#' ) );
		if ( 1 === preg_match( '#\A' . $quoted . '/?\z#isu', rawurldecode( $path ) ) ) {
			return true;
		}
	}
	return false;
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
	$shown     = array();
	foreach ( $posts as $post ) {
		if ( ! $post instanceof \WP_Post || ! is_closed( $post ) ) {
			$shown[] = $post;
		} elseif ( ! $is_search ) {
			$shown[] = closed_copy( $post );
		}
	}
	return $shown;
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
	return is_closed( $post ?? get_post() ) ? '' : $text;
}

function search_titles_only(): array {
	return array( 'post_title' );
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
	$told = array( 'id', 'date', 'date_gmt', 'modified', 'modified_gmt', 'slug', 'status', 'type', 'link', 'title', 'author', 'parent' );
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
