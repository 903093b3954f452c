<?php
/**
 * Whoever edits a post gets its source, byte for byte; a view is never written back.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Whether this request edits, and this user may edit this post. */
function is_source_wanted( \WP_Post $post ): bool {
	return is_editing() && current_user_can( 'edit_post', $post->ID );
}

/** Whether texts are asked for in order to be edited: wp-admin with its AJAX, XML-RPC, REST with context=edit. */
function is_editing(): bool {
	$rest = current_rest_request();
	if ( null !== $rest ) {
		$is_editing = 'edit' === $rest['context'] || ! in_array( $rest->get_method(), array( 'GET', 'HEAD' ), true );
	} else {
		$is_editing = is_admin() || ( defined( 'XMLRPC_REQUEST' ) && XMLRPC_REQUEST );
	}
	/**
	 * Whether somebody edits in this request. A page builder that edits in the front end can say so here.
	 *
	 * @param bool $is_editing
	 */
	return (bool) apply_filters( 'gatepost_is_editing', $is_editing );
}

/** The REST requests under way, the innermost last: they nest by `_embed` and rest_do_request(). */
function &rest_requests(): array {
	static $requests = array();
	return $requests;
}

function current_rest_request(): ?\WP_REST_Request {
	$requests = rest_requests();
	return array() === $requests ? null : end( $requests );
}

/** Filter `rest_request_before_callbacks`, first. */
function enter_rest_request( $response, $handler, $request ) {
	$requests   = &rest_requests();
	$requests[] = $request;
	return $response;
}

/** Filter `rest_request_after_callbacks`, last. */
function leave_rest_request( $response ) {
	$requests = &rest_requests();
	array_pop( $requests );
	return $response;
}

/** The texts that were given out in place of a post's own, as hashes per post. */
function &given_texts(): array {
	static $given = array();
	return $given;
}

function note_given_text( int $post_id, string $text ): void {
	$given = &given_texts();
	$given[ get_current_blog_id() . ":{$post_id}" ][ md5( $text ) ] = true;
}

/** Whether a text was given out in place of some post's own. */
function is_a_given_text( string $text ): bool {
	return in_array( true, array_column( given_texts(), md5( $text ) ), true );
}

/**
 * Filter `wp_insert_post_data`, last: somebody saves a post that he has from a query of a reader's page. What he
 * saves would be the view, with one member's name in it or with the body missing: the source stays.
 *
 * @param array $data    Slashed, as it will be written.
 * @param array $postarr What was given to wp_insert_post().
 */
function keep_the_source( $data, $postarr ) {
	$post_id = (int) ( $postarr['ID'] ?? 0 );
	$source  = $post_id > 0 ? get_post( $post_id ) : null;
	if ( ! $source || ! is_an_original( $source ) || ! is_a_view_saved( $post_id, wp_unslash( $data['post_content'] ), $postarr ) ) {
		return $data;
	}
	foreach ( array( 'post_content', 'post_excerpt', 'post_content_filtered' ) as $field ) {
		$data[ $field ] = wp_slash( $source->$field );
	}
	return $data;
}

function is_a_view_saved( int $post_id, string $text, array $postarr ): bool {
	if ( isset( given_texts()[ get_current_blog_id() . ":{$post_id}" ][ md5( $text ) ] ) ) {
		return true;
	}
	return isset( $postarr['gatepost_view'] ) && ! current_user_can( 'edit_post', $post_id );
}
