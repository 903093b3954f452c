<?php
/**
 * Posts that the sidecar wants to be there: the pages of a checkout and of My Account, an example. Made once each, by
 * WordPress's own function; whatever becomes of one afterwards is the site owner's, and is never changed back.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** The post meta that names which of our pages a post is. */
const PAGE_META = '_gatepost_page';

const PAGE_TYPES = array( 'page', 'post' );

/** Make the post unless it is there; '' when it is. Its id is in `made_by_changes()`. */
function change_page( array $change ): string {
	$page = array_filter( $change, 'is_string' ) + array_fill_keys( array( 'key', 'type', 'title', 'content' ), '' );
	if ( 1 !== preg_match( '/\A[a-z]{1,40}\z/', $page['key'] ) || ! in_array( $page['type'], PAGE_TYPES, true ) || '' === trim( $page['title'] ) ) {
		return __( 'This is no page that Gatepost makes.', 'gatepost' );
	}
	$post_id = found_page( $page['key'] );
	$post_id = 0 === $post_id ? made_page( $page ) : $post_id;
	if ( is_wp_error( $post_id ) ) {
		return wp_strip_all_tags( $post_id->get_error_message() );
	}
	made_by_changes( array( $change['id'] => $post_id ) );
	return '';
}

/** The post that was made under this key and is not in the trash; 0 for none. */
function found_page( string $key ): int {
	$found = get_posts(
		array(
			'post_type'   => PAGE_TYPES,
			'post_status' => array( 'publish', 'private', 'draft', 'pending', 'future' ),
			'meta_key'    => PAGE_META, // phpcs:ignore WordPress.DB.SlowDBQuery -- while the site is set up.
			'meta_value'  => $key, // phpcs:ignore WordPress.DB.SlowDBQuery -- while the site is set up.
			'orderby'     => 'ID',
			'order'       => 'ASC',
			'numberposts' => 1,
			'fields'      => 'ids',
		)
	);
	return (int) ( $found[0] ?? 0 );
}

/** Make it, published; its id, or a WP_Error. Nobody is signed in here, so WordPress filters its HTML. */
function made_page( array $page ) {
	return wp_insert_post(
		wp_slash(
			array(
				'post_type'      => $page['type'],
				'post_status'    => 'publish',
				'post_title'     => $page['title'],
				'post_content'   => $page['content'],
				'post_author'    => first_administrator(),
				'comment_status' => 'closed',
				'ping_status'    => 'closed',
				'meta_input'     => array( PAGE_META => $page['key'] ),
			)
		),
		true
	);
}

function first_administrator(): int {
	$found = get_users(
		array(
			'role'    => 'administrator',
			'orderby' => 'ID',
			'number'  => 1,
			'fields'  => 'ID',
		)
	);
	return (int) ( $found[0] ?? 0 );
}

/** Posts by the ids of the changes that asked for them, in this request. */
function made_by_changes( array $more = array() ): array {
	static $made = array();
	$made = $made + $more;
	return $made;
}
