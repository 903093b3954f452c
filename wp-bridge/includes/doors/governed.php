<?php
/**
 * Which posts are protected by a rule at all, as far as the rule index says. Whether this viewer may see one of
 * them is the sidecar's word alone.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Whether some rule protects this post. An attachment or a revision is also protected by what it hangs on. */
function is_governed( \WP_Post $post ): bool {
	if ( has_a_rule( $post ) ) {
		return true;
	}
	$host = host_of( $post );
	return null !== $host && is_governed( $host );
}

/** Whether a rule names this very post, its type, a term of it, its address, or the address of the page it stands on. */
function has_a_rule( \WP_Post $post ): bool {
	static $known = array();
	$key = get_current_blog_id() . ':' . $post->ID . ':' . generation();
	if ( ! isset( $known[ $key ] ) ) {
		$known[ $key ] = is_governed_itself( $post );
	}
	return $known[ $key ] || is_governed_by_request( $post );
}

/** The post that an attachment or a revision belongs to, or null. */
function host_of( \WP_Post $post ): ?\WP_Post {
	if ( $post->post_parent < 1 || ! in_array( $post->post_type, array( 'attachment', 'revision' ), true ) ) {
		return null;
	}
	$host = get_post( $post->post_parent );
	return $host && $host->ID !== $post->ID ? $host : null;
}

function is_governed_itself( \WP_Post $post ): bool {
	$index = index();
	if ( is_internal_type( $post->post_type ) ) {
		return false;
	}
	if ( null === $index ) {
		return governs_everything() && ( is_post_type_viewable( $post->post_type ) || is_marked_post( $post->ID ) );
	}
	return in_array( $post->post_type, $index['types'], true )
		|| ( array() !== $index['terms'] && array() !== array_intersect( term_ids_of( $post ), $index['terms'] ) )
		|| ( array() !== $index['urls'] && fits_a_pattern( path_of( $post ), $index['urls'] ) )
		|| ( ( $index['post_count'] ?? 1 ) !== 0 && is_marked_post( $post->ID ) );
}

/** WordPress's own furniture, such as templates and menu items, which no rule can name. */
function is_internal_type( string $type ): bool {
	$known = get_post_type_object( $type );
	return null !== $known && $known->_builtin && 'wp_block' !== $type && 'revision' !== $type && ! is_post_type_viewable( $known );
}

/**
 * Without a valid index every type that can be viewed counts as governed. A plugin that was just switched on, never
 * paired and never given an index, protects nothing yet.
 */
function governs_everything(): bool {
	return null === index() && ( false !== get_option( INDEX_OPTION ) || null !== found_pairing() );
}

/** The ids of a post's terms in all its taxonomies, and of those above them: a category holds what its children hold. */
function term_ids_of( \WP_Post $post ): array {
	$ids = array();
	foreach ( get_object_taxonomies( $post->post_type ) as $taxonomy ) {
		$terms = get_the_terms( $post->ID, $taxonomy );
		$own   = is_array( $terms ) ? array_map( 'intval', wp_list_pluck( $terms, 'term_id' ) ) : array();
		$ids   = array_merge( $ids, related_terms( $own, parents_of_terms( $taxonomy ) ) );
	}
	return array_values( array_unique( $ids ) );
}

/** These terms and all below them, in whatever taxonomy. */
function with_terms_below( array $ids ): array {
	foreach ( get_taxonomies( array( 'hierarchical' => true ) ) as $taxonomy ) {
		$ids = related_terms( $ids, _get_term_hierarchy( $taxonomy ) );
	}
	return $ids;
}

/** Term id => array( its parent's ), of a whole taxonomy; from the option in which WordPress keeps the hierarchy. */
function parents_of_terms( string $taxonomy ): array {
	static $known = array();
	if ( ! is_taxonomy_hierarchical( $taxonomy ) ) {
		return array();
	}
	$key = get_current_blog_id() . ':' . $taxonomy . ':' . wp_cache_get_last_changed( 'terms' );
	if ( ! isset( $known[ $key ] ) ) {
		$known[ $key ] = array();
		foreach ( _get_term_hierarchy( $taxonomy ) as $parent => $children ) {
			$known[ $key ] += array_fill_keys( array_map( 'intval', $children ), array( (int) $parent ) );
		}
	}
	return $known[ $key ];
}

/** These terms and all that can be reached from them; `$next` is term id => ids. */
function related_terms( array $ids, array $next ): array {
	for ( $at = 0; $at < count( $ids ); $at++ ) { // phpcs:ignore Squiz.PHP.DisallowSizeFunctionsInLoops, Generic.CodeAnalysis -- it grows.
		$ids = array_merge( $ids, array_diff( array_map( 'intval', $next[ $ids[ $at ] ] ?? array() ), $ids ) );
	}
	return $ids;
}

/** The path of a post's permalink; for what has none of its own, ''. */
function path_of( \WP_Post $post ): string {
	if ( ! is_post_type_viewable( $post->post_type ) ) {
		return '';
	}
	return (string) wp_parse_url( (string) get_permalink( $post->ID ), PHP_URL_PATH );
}

/**
 * Whether a path fits one of the patterns: case-insensitive, `*` stands for anything, a final slash does not count. A
 * path that cannot be compared, as it is no UTF-8, fits.
 */
function fits_a_pattern( string $path, array $patterns ): bool {
	$decoded = '' === $path ? '/' : decoded_path( $path );
	foreach ( $patterns as $pattern ) {
		$quoted = str_replace( '\*', '.*', preg_quote( untrailingslashit( decoded_path( $pattern ) ), '#' ) );
		if ( 0 !== preg_match( '#\A' . $quoted . '/?\z#isu', $decoded ) ) {
			return true;
		}
	}
	return false;
}

/** A path as people write it: percent-encoding resolved, letters with accents in their composed form where PHP can. */
function decoded_path( string $path ): string {
	$decoded  = rawurldecode( $path );
	$composed = class_exists( 'Normalizer' ) ? \Normalizer::normalize( $decoded ) : false;
	return is_string( $composed ) ? $composed : $decoded;
}

/**
 * The governed post that has exactly this text, or null. For text that is filtered as content where another post is
 * current or none: other plugins' shortcodes, trackbacks sent by cron, pop-ups made by AJAX.
 */
function governed_post_with( string $text ): ?\WP_Post {
	static $known = array(); // Post ids, 0 for none.
	$index = index();
	if ( '' === trim( $text ) || ( null === $index && ! governs_everything() ) || ( null !== $index && ! protects_anything( $index ) ) ) {
		return null;
	}
	$key           = get_current_blog_id() . ':' . generation() . ':' . md5( $text );
	$known[ $key ] = $known[ $key ] ?? id_of_governed_post_with( $text, $index );
	return get_post( $known[ $key ] > 0 ? $known[ $key ] : -1 );
}

/** Its id by SQL, or 0. */
function id_of_governed_post_with( string $text, ?array $index ): int {
	global $wpdb;
	$where = null === $index || array() !== $index['urls'] ? '1=1' : governed_posts_sql( $index );
	$ids   = $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM {$wpdb->posts} WHERE {$where} AND post_content = %s LIMIT 20", $text ) ); // phpcs:ignore WordPress.DB -- the condition is prepared.
	foreach ( $ids as $id ) {
		$post = get_post( (int) $id );
		if ( $post && $post->post_content === $text && is_governed( $post ) ) {
			return $post->ID;
		}
	}
	return 0;
}

/** A condition on posts that all types, terms and single posts of the index fulfil. */
function governed_posts_sql( array $index ): string {
	global $wpdb;
	$types = array_map(
		static function ( string $type ) use ( $wpdb ): string {
			return $wpdb->prepare( '%s', $type );
		},
		$index['types']
	);
	$tests = array( $wpdb->prepare( "ID IN ( SELECT post_id FROM {$wpdb->postmeta} WHERE meta_key = %s )", GOVERNED_META ) );
	if ( array() !== $types ) {
		$tests[] = 'post_type IN (' . implode( ', ', $types ) . ')';
	}
	if ( array() !== $index['terms'] ) {
		$tests[] = "ID IN ( SELECT tr.object_id FROM {$wpdb->term_relationships} tr JOIN {$wpdb->term_taxonomy} tt ON tt.term_taxonomy_id = tr.term_taxonomy_id WHERE tt.term_id IN (" . implode( ', ', with_terms_below( $index['terms'] ) ) . ') )';
	}
	return '( ' . implode( ' OR ', $tests ) . ' )';
}

/** The path that the browser asked for. */
function request_path(): string {
	return (string) wp_parse_url( 'http://site' . request_uri(), PHP_URL_PATH );
}

function request_uri(): string {
	$uri = $_SERVER['REQUEST_URI'] ?? '/'; // phpcs:ignore WordPress.Security -- printed nowhere, sent as data.
	return is_string( $uri ) && '' !== $uri ? '/' . ltrim( substr( wp_unslash( $uri ), 0, 2000 ), '/' ) : '/';
}

/** Whether the page itself, such as an archive, lies under a URL rule: then so does what its main query found. */
function is_governed_by_request( \WP_Post $post ): bool {
	return isset( page()->under_url_rule[ $post->ID ] );
}

/** Note the posts of the main query where the page's own path is under a rule. */
function note_posts_of_the_page( array $posts ): void {
	$index = index();
	if ( null === $index || array() === $index['urls'] || ! fits_a_pattern( request_path(), $index['urls'] ) ) {
		return;
	}
	foreach ( $posts as $post ) {
		page()->under_url_rule[ $post->ID ] = true;
	}
}
