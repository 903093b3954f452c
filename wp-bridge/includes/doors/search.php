<?php
/**
 * Search: somebody who may not read a post cannot find it by a word of its text, or he could guess the text letter by
 * letter. Which posts he may search by content is the sidecar's word; it becomes part of the SQL.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** How much of a post a search may match: title, title and excerpt, everything. */
const SEARCH_LEVELS = array(
	'closed'  => 0,
	'excerpt' => 1,
	'open'    => 2,
);

/** On `pre_get_posts`, last: a search with suppressed filters would pass by all of this. */
function keep_search_filtered( $query ): void {
	if ( $query instanceof \WP_Query && '' !== (string) $query->get( 's' ) ) {
		$query->set( 'suppress_filters', false );
	}
}

/** Filter `posts_search`, last. `$sql` begins with " AND". */
function restrict_search( $sql, $query ) {
	if ( '' === trim( (string) $sql ) || ! $query instanceof \WP_Query || may_search_everything() ) {
		return $sql;
	}
	$level = search_level_sql();
	return " AND ( ( {$level} = 2 {$sql} )"
		. " OR ( {$level} = 1 AND " . search_in( $query, array( 'post_title', 'post_excerpt' ) ) . ' )'
		. " OR ( {$level} = 0 AND " . search_in( $query, array( 'post_title' ) ) . ' ) ) ';
}

/** Filter `posts_search_orderby`, last: by titles alone, as the rank would tell which text holds the words. */
function order_search_by_title( $sql, $query ) {
	if ( '' === trim( (string) $sql ) || ! $query instanceof \WP_Query || may_search_everything() ) {
		return $sql;
	}
	global $wpdb;
	return $wpdb->prepare(
		"( CASE WHEN {$wpdb->posts}.post_title LIKE %s THEN 1 WHEN " . search_in( $query, array( 'post_title' ) ) . ' THEN 2 ELSE 3 END )',
		'%' . $wpdb->esc_like( (string) $query->get( 's' ) ) . '%'
	);
}

/** Administrators, and editors where they edit. */
function may_search_everything(): bool {
	$viewer = viewer();
	return null !== $viewer && null === preview() && ( $viewer['administrator'] || ( is_editing() && current_user_can( 'edit_others_posts' ) ) );
}

/** The search itself over some of the columns that were asked for, built from the terms that WordPress has parsed. */
function search_in( \WP_Query $query, array $columns ): string {
	global $wpdb;
	$asked   = array_filter( (array) $query->get( 'search_columns' ) );
	$columns = array() === array_intersect( $asked, array( 'post_title', 'post_excerpt', 'post_content' ) ) ? $columns : array_intersect( $columns, $asked );
	$around  = $query->get( 'exact' ) ? '' : '%';
	$minus   = (string) apply_filters( 'wp_query_search_exclusion_prefix', '-' ); // phpcs:ignore WordPress.NamingConventions -- WordPress's own.
	$parts   = is_user_logged_in() ? array( '1=1' ) : array( "{$wpdb->posts}.post_password = ''" );
	foreach ( (array) $query->get( 'search_terms' ) as $term ) {
		$is_excluded = '' !== $minus && 0 === strpos( $term, $minus );
		$like        = $around . $wpdb->esc_like( $is_excluded ? substr( $term, strlen( $minus ) ) : $term ) . $around;
		$parts[]     = term_in( $columns, $like, $is_excluded );
	}
	return '( ' . implode( ' AND ', $parts ) . ' )';
}

function term_in( array $columns, string $like, bool $is_excluded ): string {
	global $wpdb;
	$tests = array();
	foreach ( $columns as $column ) {
		$tests[] = $wpdb->prepare( "{$wpdb->posts}.{$column} LIKE %s", $like ); // phpcs:ignore WordPress.DB -- one of two names.
	}
	$found = array() === $tests ? '1=0' : '( ' . implode( ' OR ', $tests ) . ' )';
	return $is_excluded ? "NOT {$found}" : $found;
}

/** An SQL expression for what of a post this viewer's search may match: 2, 1 or 0 (see SEARCH_LEVELS). */
function search_level_sql(): string {
	global $wpdb;
	$rules = search_rules();
	if ( empty( $rules['content'] ) ) {
		return '0';
	}
	$cases = array_merge(
		array( "WHEN {$wpdb->posts}.post_type = 'attachment' AND {$wpdb->posts}.post_parent > 0 THEN 0" ), // It may hang on a closed post.
		level_cases( id_levels( (array) ( $rules['posts'] ?? array() ) ), "{$wpdb->posts}.ID IN (%s)" ),
		level_cases( array_map( 'Gatepost\with_terms_below', id_levels( (array) ( $rules['terms'] ?? array() ) ) ), "{$wpdb->posts}.ID IN ( SELECT tr.object_id FROM {$wpdb->term_relationships} tr JOIN {$wpdb->term_taxonomy} tt ON tt.term_taxonomy_id = tr.term_taxonomy_id WHERE tt.term_id IN (%s) )" ),
		level_cases( type_levels( (array) ( $rules['types'] ?? array() ) ), "{$wpdb->posts}.post_type IN (%s)" )
	);
	$level = '( CASE ' . implode( ' ', $cases ) . ' ELSE 2 END )';
	return "LEAST( {$level}, " . hidden_branch_level() . ' )';
}

/** Text that only some may see stands in decision tags, and between the parts of a form; such a post is found by title and excerpt, by everybody. */
function hidden_branch_level(): string {
	global $wpdb;
	$start = '%' . $wpdb->esc_like( TAG_START ) . '%';
	return $wpdb->prepare(
		"IF( {$wpdb->posts}.post_content LIKE %s OR {$wpdb->posts}.post_content LIKE %s OR {$wpdb->posts}.post_content LIKE %s, 1, 2 )",
		$start . $wpdb->esc_like( '_Decision' ) . '%',
		$start . $wpdb->esc_like( '_Subdecision' ) . '%',
		'%' . $wpdb->esc_like( str_replace( '[', '[/', TAG_START ) ) . '%'
	);
}

/** CASE branches, the most open first: any open term opens. `$test` takes the list of values. */
function level_cases( array $values_by_level, string $test ): array {
	$cases = array();
	foreach ( array( 2, 1, 0 ) as $level ) {
		if ( ! empty( $values_by_level[ $level ] ) ) {
			$cases[] = 'WHEN ' . sprintf( $test, implode( ', ', $values_by_level[ $level ] ) ) . " THEN {$level}";
		}
	}
	return $cases;
}

/** Ids by level, as integers. */
function id_levels( array $said ): array {
	$levels = array();
	foreach ( $said as $id => $word ) {
		$levels[ SEARCH_LEVELS[ $word ] ?? 0 ][] = (int) $id;
	}
	return $levels;
}

/** Post types by level, quoted for SQL. */
function type_levels( array $said ): array {
	global $wpdb;
	$levels = array();
	foreach ( $said as $type => $word ) {
		$levels[ SEARCH_LEVELS[ $word ] ?? 0 ][] = $wpdb->prepare( '%s', (string) $type );
	}
	return $levels;
}

/** What the sidecar says of this viewer's searches; when it cannot be asked, all that is governed is closed. */
function search_rules(): array {
	static $known = array();
	$viewer = viewer();
	$key    = get_current_blog_id() . ':' . ( $viewer['user'] ?? 0 );
	if ( ! isset( $known[ $key ] ) ) {
		$known[ $key ] = ask( '/bridge/v1/search', array( 'viewer' => $viewer ) ) ?? search_rules_unasked();
	}
	return $known[ $key ];
}

/** Everything closed that the index names. URL rules cannot be put in SQL: with one, titles only. */
function search_rules_unasked(): array {
	$index = index();
	if ( null === $index || array() !== $index['urls'] ) {
		return array( 'content' => ! governs_everything() && null === $index );
	}
	return array(
		'content' => true,
		'types'   => array_fill_keys( $index['types'], 'closed' ),
		'terms'   => array_fill_keys( $index['terms'], 'closed' ),
		'posts'   => array_fill_keys( 0 === ( $index['post_count'] ?? 1 ) ? array() : marked_posts(), 'closed' ),
	);
}

/** On `pre_get_comments`, last: WordPress keeps what a query has found by what it asked, and for each viewer we ask something else. */
function part_comment_searches( $query ): void {
	if ( ! empty( $query->query_vars['search'] ) && ! may_search_everything() ) {
		global $wpdb;
		$query->query_vars['cache_domain'] .= ':' . md5( $wpdb->remove_placeholder_escape( search_level_sql() ) );
	}
}

/** Filter `comments_clauses`: comments of closed posts are not counted either when somebody searches in comments. */
function restrict_comment_search( $clauses, $query ) {
	if ( empty( $query->query_vars['search'] ) || may_search_everything() ) {
		return $clauses;
	}
	global $wpdb;
	$clauses['where'] .= " AND {$wpdb->comments}.comment_post_ID NOT IN ( SELECT {$wpdb->posts}.ID FROM {$wpdb->posts} WHERE " . search_level_sql() . ' < 2 )';
	return $clauses;
}
