<?php
/**
 * What REST says of a closed post: its address and its title, the teaser in place of the content, nothing else.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** What a closed post still says, besides its taxonomies. Fields of other plugins may repeat its text. */
const OPEN_REST_FIELDS = array( 'id', 'date', 'date_gmt', 'guid', 'link', 'modified', 'modified_gmt', 'slug', 'status', 'type', 'title', 'author', 'featured_media', 'comment_status', 'ping_status', 'sticky', 'template', 'format', 'parent', 'post', 'menu_order', 'class_list', 'media_type', 'mime_type' );

/** What would tell where an attachment's file is; its page sends on to it. */
const FILE_REST_FIELDS = array( 'guid', 'link' );

/** On `rest_api_init`, last. */
function hook_rest_types(): void {
	foreach ( get_post_types( array( 'show_in_rest' => true ) ) as $type ) {
		add_filter( "rest_prepare_{$type}", 'Gatepost\show_in_rest', PHP_INT_MAX, 3 );
	}
}

/** Filters `rest_prepare_{$type}`, last. */
function show_in_rest( $response, $post, $request ) {
	$post = $post instanceof \WP_Post ? original_of( $post ) : null;
	if ( null === $post || ! $response instanceof \WP_REST_Response || is_source_wanted( $post ) ) {
		return $response;
	}
	$data = (array) $response->get_data();
	if ( is_closed( $post ) ) {
		$response->set_data( closed_rest_data( $data, $post, view_of( $post ) ) );
	} elseif ( has_a_view( $post ) || has_tags( (string) wp_json_encode( $data ) ) ) {
		$response->set_data( viewed_rest_data( $data, $post ) );
	}
	return $response;
}

function closed_rest_data( array $data, \WP_Post $post, View $view ): array {
	$open = array_merge( OPEN_REST_FIELDS, wp_list_pluck( get_object_taxonomies( $post->post_type, 'objects' ), 'rest_base' ), get_object_taxonomies( $post->post_type ) );
	$kept = array_intersect_key( $data, array_flip( array_filter( $open ) ) );
	if ( 'attachment' === $post->post_type ) {
		return array_diff_key( $kept, array_flip( FILE_REST_FIELDS ) );
	}
	foreach ( array_intersect( array( 'comment_status', 'ping_status' ), array_keys( $kept ) ) as $field ) {
		$kept[ $field ] = 'closed';
	}
	if ( isset( $data['meta'] ) ) {
		$kept['meta'] = array();
	}
	return $kept + closed_rest_texts( $data, $post, $view );
}

function closed_rest_texts( array $data, \WP_Post $post, View $view ): array {
	$texts = array();
	if ( isset( $data['content'] ) ) {
		$texts['content'] = array(
			'rendered'  => closed_html( $post, $view ),
			'protected' => true,
		);
	}
	if ( isset( $data['excerpt'] ) ) {
		$excerpt          = closed_excerpt( $post, $view );
		$texts['excerpt'] = array(
			'rendered'  => '' === $excerpt ? '' : wpautop( $excerpt ),
			'protected' => true,
		);
	}
	return $texts;
}

/**
 * An open post for somebody who does not edit it: wherever the source stands, the view does; so with tags in meta. Other
 * plugins' fields may repeat what visitors wrote.
 */
function viewed_rest_data( array $data, \WP_Post $post ): array {
	$view  = view_of( $post );
	$texts = array(
		$post->post_content => $view->text,
		$post->post_excerpt => $view->excerpt,
	);
	foreach ( $data as $field => &$values ) {
		$show  = static function ( &$value ) use ( $texts, $post, $field ): void {
			if ( is_string( $value ) && '' !== $value ) {
				$value = $texts[ $value ] ?? ( 'meta' === $field ? render_text( $value, $post->ID ) : with_inert_tags( $value ) );
			}
		};
		$parts = array( $values );
		array_walk_recursive( $parts, $show );
		$values = $parts[0];
	}
	return $data;
}

/** Filter `rest_prepare_comment`, last: a single comment of a closed post does not exist for this viewer. */
function show_comment_in_rest( $response, $comment ) {
	$post = $comment instanceof \WP_Comment ? get_post( (int) $comment->comment_post_ID ) : null;
	if ( ! $post || is_source_wanted( original_of( $post ) ) || ! is_closed( $post ) ) {
		return $response;
	}
	return new \WP_Error( 'rest_forbidden', __( 'Sorry, you are not allowed to read the post for this comment.', 'gatepost' ), array( 'status' => rest_authorization_required_code() ) );
}

/**
 * Filter `rest_request_after_callbacks`, while the request is still the current one: WordPress counts comments by SQL,
 * those of closed posts too. On a list that left some out, and where only closed posts were asked for, it counts what
 * is shown.
 */
function count_shown_comments( $response, $handler, $request ) {
	if ( ! $response instanceof \WP_REST_Response || ! isset( $response->get_headers()['X-WP-Total'] ) || '/wp/v2/comments' !== $request->get_route() ) {
		return $response;
	}
	$total = (int) $response->get_headers()['X-WP-Total'] - count_hidden_comments();
	$total = asks_closed_posts_alone( $request ) ? 0 : max( count( (array) $response->get_data() ), $total );
	$response->header( 'X-WP-Total', (string) $total );
	$response->header( 'X-WP-TotalPages', (string) (int) ceil( $total / max( 1, (int) $request['per_page'] ) ) );
	return $response;
}

function asks_closed_posts_alone( \WP_REST_Request $request ): bool {
	$posts = array_filter( array_map( 'get_post', array_filter( wp_parse_id_list( $request['post'] ?? array() ) ) ) );
	$open  = array_filter(
		$posts,
		static function ( \WP_Post $post ): bool {
			return is_source_wanted( original_of( $post ) ) || ! is_closed( $post );
		}
	);
	return array() !== $posts && array() === $open;
}

/** Filter `rest_post_dispatch`, last: what was made for one viewer is kept by nobody. */
function send_rest_cache_headers( $response ) {
	if ( $response instanceof \WP_HTTP_Response && 'private' === page()->cache ) {
		$response->header( 'Cache-Control', 'private, no-store' );
	}
	return $response;
}
