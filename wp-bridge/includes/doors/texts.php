<?php
/**
 * Texts that belong to no query: widgets, synced patterns, templates, shortcodes that a theme runs by itself.
 *
 * Each is replaced as a whole, before blocks and shortcodes in it run. What will follow on the page is gathered and
 * asked for in one call.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** How many template parts and patterns with tags one call brings along. */
const MAX_STRAGGLERS = 50;

/** Option and key of the core widgets that hold text. */
const TEXT_WIDGETS = array(
	'widget_block'       => 'content',
	'widget_text'        => 'text',
	'widget_custom_html' => 'content',
);

/** Blocks that WordPress makes at each view and that hold nothing but their author's text. */
const SOURCE_BLOCKS = array( 'core/shortcode', 'core/footnotes' );

/** The source of bindings that takes nothing from a post: what one instance of a synced pattern changes in it. */
const PATTERN_OVERRIDES = 'core/pattern-overrides';

/** Texts that the page will surely need besides its posts: those of a classic theme's widgets. */
function texts_of_the_page( \WP_Query $query, array $posts ): array {
	if ( $query->is_feed() || $query->is_embed() || is_rest_request() || wp_is_block_theme() ) {
		return array();
	}
	return widget_texts();
}

/** The texts with tags of all active widgets. */
function widget_texts(): array {
	$texts  = array();
	$active = active_widgets();
	foreach ( TEXT_WIDGETS as $option => $key ) {
		foreach ( (array) get_option( $option, array() ) as $number => $instance ) {
			$id = substr( $option, strlen( 'widget_' ) ) . "-{$number}";
			if ( isset( $active[ $id ] ) && is_string( $instance[ $key ] ?? null ) && has_tags( $instance[ $key ] ) ) {
				$texts[] = array(
					'text' => $instance[ $key ],
					'post' => null,
				);
			}
		}
	}
	return $texts;
}

/** Ids of the widgets that stand in a sidebar, as keys. */
function active_widgets(): array {
	$sidebars = (array) get_option( 'sidebars_widgets', array() );
	unset( $sidebars['wp_inactive_widgets'], $sidebars['array_version'] );
	return array_fill_keys( array_merge( array(), ...array_values( array_filter( $sidebars, 'is_array' ) ) ), true );
}

/** Once a straggler turned up: everything else that may follow, widgets, template parts and synced patterns. */
function stragglers(): array {
	if ( page()->is_gathered ) {
		return array();
	}
	page()->is_gathered = true;
	return array_merge( widget_texts(), stored_texts() );
}

/** The texts with tags of this site's template parts, and of synced patterns, which every author can make. */
function stored_texts(): array {
	global $wpdb;
	$rows = $wpdb->get_results(
		$wpdb->prepare(
			"SELECT post_content, post_author, post_type FROM {$wpdb->posts} WHERE post_type IN ('wp_block', 'wp_template_part') AND post_status = 'publish' AND post_content LIKE %s ORDER BY ID DESC LIMIT %d",
			'%' . $wpdb->esc_like( TAG_START ) . '%',
			MAX_STRAGGLERS
		)
	);
	return array_map(
		static function ( \stdClass $row ): array {
			return array(
				'text'   => $row->post_content,
				'post'   => null,
				'author' => 'wp_block' === $row->post_type ? (int) $row->post_author : null,
			);
		},
		$rows
	);
}

/** Filters `widget_text`, `widget_block_content` and `widget_custom_html_content`, first. */
function show_widget( $text ) {
	return is_string( $text ) ? render_text( $text ) : $text;
}

/**
 * Filter `pre_do_shortcode_tag`: one of our tags in a text that nobody has replaced, such as a theme's own
 * do_shortcode(). `$match` holds the whole tag with its content.
 */
function print_tag( $output, $name, $attributes, $match ) {
	if ( ! in_array( $name, TAG_NAMES, true ) || ! owns_tags() ) {
		return $output;
	}
	$tag = substr( $match[0], strlen( $match[1] ), strlen( $match[0] ) - strlen( $match[1] ) - strlen( $match[6] ) );
	return $match[1] . without_tags( render_text( $tag, current_post()->ID ?? null, null === current_post() ? 0 : null ) ) . $match[6];
}

/**
 * Filter `pre_render_block`: a synced pattern with tags is replaced as a whole and then rendered as WordPress does
 * it, overrides and guard against recursion included.
 */
function render_pattern( $rendered, array $block ) {
	if ( null !== $rendered || 'core/block' !== ( $block['blockName'] ?? '' ) || empty( $block['attrs']['ref'] ) ) {
		return $rendered;
	}
	$pattern = get_post( (int) $block['attrs']['ref'] );
	if ( ! $pattern || 'wp_block' !== $pattern->post_type || ! has_a_view( $pattern ) || 'publish' !== $pattern->post_status || '' !== $pattern->post_password ) {
		return $rendered; // WordPress prints it, or nothing.
	}
	static $inside = array();
	if ( isset( $inside[ $pattern->ID ] ) ) {
		return '';
	}
	$inside[ $pattern->ID ] = true;
	$html                   = with_overrides( pattern_overrides( $block['attrs'] ), pattern_text( $pattern ) );
	unset( $inside[ $pattern->ID ] );
	return $html;
}

/** The pattern's text for this viewer, with block hooks and embeds done. */
function pattern_text( \WP_Post $pattern ): string {
	global $wp_embed;
	$view = is_governed( $pattern ) ? view_of( $pattern )->text : render_text( $pattern->post_content, null, (int) $pattern->post_author );
	$text = $wp_embed->autoembed( $wp_embed->run_shortcode( $view ) );
	return function_exists( 'apply_block_hooks_to_content_from_post_object' ) ? apply_block_hooks_to_content_from_post_object( $text, $pattern ) : $text;
}

/** What this instance of a pattern overrides, in its present and its two earlier shapes; null for nothing. */
function pattern_overrides( array $attributes ): ?array {
	$overrides = $attributes['content'] ?? $attributes['overrides'] ?? null;
	if ( ! is_array( $overrides ) ) {
		return null;
	}
	foreach ( $overrides as $name => $values ) {
		if ( is_array( $values['values'] ?? null ) && ! wp_is_numeric_array( $values['values'] ) ) {
			$overrides[ $name ] = $values['values'];
		}
	}
	return $overrides;
}

function with_overrides( ?array $overrides, string $text ): string {
	$add = static function ( $context ) use ( $overrides ) {
		return null === $overrides ? $context : array( 'pattern/overrides' => $overrides ) + (array) $context;
	};
	add_filter( 'render_block_context', $add, 1 );
	$html = do_blocks( $text );
	remove_filter( 'render_block_context', $add, 1 );
	return $html;
}

/** Filter `template_include`, just before the last: the chosen block template, which waits in a global. */
function show_template( $file ) {
	global $_wp_current_template_content;
	if ( is_string( $_wp_current_template_content ) && has_tags( $_wp_current_template_content ) ) {
		$_wp_current_template_content = render_text( $_wp_current_template_content ); // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- no filter sees it.
	}
	return $file;
}

/** Filter `render_block_core/footnotes`: notes of a closed post, and tags in those of an open one. */
function show_footnotes( $html, $block, $instance = null ) {
	$post = get_post( (int) ( $instance->context['postId'] ?? 0 ) );
	if ( ! $post ) {
		return $html;
	}
	return is_closed( $post ) ? '' : render_text( (string) $html, $post->ID );
}

/**
 * Filter `render_block`, last: what a block made has comments, search words and others' names in it, and WordPress
 * runs shortcodes over it once more. The tags of its source were replaced before.
 */
function print_block_output( $html, $block = array() ) {
	$name = $block['blockName'] ?? null;
	if ( ! is_string( $html ) || ! is_string( $name ) || in_array( $name, SOURCE_BLOCKS, true ) || ! might_hold_tags( $html ) ) {
		return $html;
	}
	$type = \WP_Block_Type_Registry::get_instance()->get_registered( $name );
	return null !== $type && $type->is_dynamic() ? with_inert_tags( $html ) : $html;
}

/** Filter `get_block_file_template` (WordPress 6.3 and later): parts of the theme that are files. */
function show_template_file( $template ) {
	if ( ! $template instanceof \WP_Block_Template || 'wp_template_part' !== $template->type || ! has_tags( (string) $template->content ) || is_editing() ) {
		return $template;
	}
	$shown          = clone $template;
	$shown->content = render_text( $template->content );
	return $shown;
}

/** Filter `render_block_data`: the featured image may be the first one of the text, where it is a closed post's. */
function hide_first_image( array $block ): array {
	if ( 'core/post-featured-image' === ( $block['blockName'] ?? '' ) && ! empty( $block['attrs']['useFirstImageFromPost'] ) ) {
		$post                                    = current_post();
		$block['attrs']['useFirstImageFromPost'] = null !== $post && ! is_closed( $post );
	}
	return $block;
}

/** Filter `block_bindings_source_value` (WordPress 6.7 and later): an attribute that takes its value from a closed post. */
function hide_bound_value( $value, $source, $arguments = array(), $block = null ) {
	if ( PATTERN_OVERRIDES === $source ) {
		return $value;
	}
	$post = get_post( (int) ( $block->context['postId'] ?? 0 ) );
	return $post && is_closed( $post ) ? '' : $value;
}

/** Filter `render_block_data`: WordPress 6.5 and 6.6 have no filter on the value, so a closed post's blocks are not bound. */
function drop_bindings( array $block ): array {
	if ( ! is_array( $block['attrs']['metadata']['bindings'] ?? null ) || has_filter_on_bound_values() ) {
		return $block;
	}
	$post = current_post();
	if ( null !== $post && is_closed( $post ) ) {
		$block['attrs']['metadata']['bindings'] = array_filter( $block['attrs']['metadata']['bindings'], 'Gatepost\is_pattern_override' );
	}
	return $block;
}

/** Whether this WordPress asks `block_bindings_source_value`. */
function has_filter_on_bound_values(): bool {
	return version_compare( $GLOBALS['wp_version'], '6.7-alpha', '>=' );
}

function is_pattern_override( $binding ): bool {
	return PATTERN_OVERRIDES === ( $binding['source'] ?? '' );
}

/**
 * Filter `pre_render_block`: the Latest Posts block prints whole posts past every filter (WordPress 7 reads them from
 * the object cache). It respects a password, so what is shown otherwise claims to have one.
 */
function watch_latest_posts( $rendered, array $block ) {
	if ( null === $rendered && 'core/latest-posts' === ( $block['blockName'] ?? '' ) && 'full_post' === ( $block['attrs']['displayPostContentRadio'] ?? '' ) ) {
		latest_posts_depth( 1 );
		add_filter( 'gettext', 'Gatepost\print_in_latest_posts', PHP_INT_MAX, 2 ); // Only here: WordPress translates a thousand times a page.
	}
	return $rendered;
}

/** Filter `render_block_core/latest-posts`. */
function leave_latest_posts( $html, array $block ) {
	if ( 'full_post' === ( $block['attrs']['displayPostContentRadio'] ?? '' ) ) {
		if ( 0 === latest_posts_depth( -1 ) ) {
			remove_filter( 'gettext', 'Gatepost\print_in_latest_posts', PHP_INT_MAX );
		}
	}
	return $html;
}

function latest_posts_depth( int $change = 0 ): int {
	static $depth = 0;
	$depth = max( 0, $depth + $change );
	return $depth;
}

/** Filter `post_password_required`, last. */
function claim_a_password( $required, $post = null ) {
	$post = get_post( $post );
	if ( $required || 0 === latest_posts_depth() || ! $post || ! has_a_view( original_of( $post ) ) ) {
		return $required;
	}
	latest_post_waiting( original_of( $post ) );
	return true;
}

/** The post whose text the Latest Posts block is about to replace by its sentence on passwords. */
function latest_post_waiting( ?\WP_Post $post = null ): ?\WP_Post {
	static $waiting = null;
	$before  = $waiting;
	$waiting = $post;
	return $before;
}

/** Filter `gettext`, once after the claim: in place of the sentence comes what the viewer may see. */
function print_in_latest_posts( $translation, $text ) {
	if ( 0 === latest_posts_depth() || 'This content is password protected.' !== $text ) {
		return $translation;
	}
	$post = latest_post_waiting();
	if ( null === $post ) {
		return $translation;
	}
	return printed_in_a_list( $post );
}

/** A post's text as content, for a list: closed ones show lead and notice. */
function printed_in_a_list( \WP_Post $post ): string {
	$depth = latest_posts_depth();
	latest_posts_depth( -$depth ); // Passwords count again, for what runs inside.
	$view = view_of( $post );
	$html = $view->is_closed ? closed_html( $post, $view ) : text_html( $view->text );
	latest_posts_depth( $depth );
	return $html;
}
