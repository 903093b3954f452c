<?php
/**
 * A good citizen: translations, notices, network activation, what deactivation means.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** On `init`. */
function load_translations(): void {
	load_plugin_textdomain( 'gatepost', false, dirname( plugin_basename( GATEPOST_FILE ) ) . '/languages' );
}

/** Whether MemberMouse is active: it owns the tags then, and we register none. */
function is_beside_membermouse(): bool {
	if ( class_exists( 'MemberMouse', false ) || class_exists( 'MM_User', false ) || defined( 'MM_PLUGIN_ABSPATH' ) ) {
		return true;
	}
	$active = array_merge( (array) get_option( 'active_plugins', array() ), is_multisite() ? array_keys( (array) get_site_option( 'active_sitewide_plugins', array() ) ) : array() );
	return array() !== preg_grep( '#^membermouse[^/]*/#i', $active );
}

/** On `admin_notices`. */
function print_membermouse_notice(): void {
	if ( is_beside_membermouse() && current_user_can( 'activate_plugins' ) ) {
		print_notice( __( 'MemberMouse is active. Its tags stay its own: Gatepost renders none of them until MemberMouse is deactivated.', 'gatepost' ) );
	}
}

/** On `admin_notices` and `network_admin_notices`: where an earlier version, or a hand, has activated it for a network. */
function print_network_notice(): void {
	if ( is_network_activated() && current_user_can( 'manage_network_plugins' ) ) {
		print_notice( network_sentence() );
	}
}

function print_notice( string $sentence ): void {
	printf( '<div class="notice notice-warning"><p><strong>Gatepost</strong>: %s</p></div>', esc_html( $sentence ) );
}

function is_network_activated(): bool {
	return is_multisite() && array_key_exists( plugin_basename( GATEPOST_FILE ), (array) get_site_option( 'active_sitewide_plugins', array() ) );
}

function network_sentence(): string {
	return __( 'Gatepost is paired with one site at a time and cannot be activated for a whole network. Activate it on each site that sells memberships.', 'gatepost' );
}

/** At activation; ending here leaves the plugin inactive. */
function refuse_network_activation( $network_wide = false ): void {
	if ( $network_wide ) {
		load_translations();
		wp_die( esc_html( network_sentence() ), '', array( 'back_link' => true ) );
	}
}

/** On `after_plugin_row_…`: say what deactivation does, before it is done. */
function print_deactivation_warning(): void {
	$index = index();
	if ( null === $index || ! is_plugin_active( plugin_basename( GATEPOST_FILE ) ) || ! protects_anything( $index ) ) {
		return;
	}
	printf( '<tr class="plugin-update-tr active"><td colspan="4" class="plugin-update colspanchange"><div class="notice inline notice-warning notice-alt"><p>%s</p></div></td></tr>', esc_html( deactivation_sentence( $index ) ) );
}

/** At deactivation; `wp plugin deactivate` shows no plugin row. */
function warn_on_the_command_line(): void {
	$index = index();
	if ( null !== $index && protects_anything( $index ) && defined( 'WP_CLI' ) && WP_CLI ) {
		\WP_CLI::warning( deactivation_sentence( $index ) );
	}
}

function protects_anything( array $index ): bool {
	return $index['post_count'] > 0 || array() !== $index['types'] || array() !== $index['terms'] || array() !== $index['urls'];
}

function deactivation_sentence( array $index ): string {
	$parts = array();
	if ( $index['post_count'] > 0 ) {
		/* translators: %s: a number */
		$parts[] = sprintf( _n( '%s protected post', '%s protected posts', $index['post_count'], 'gatepost' ), number_format_i18n( $index['post_count'] ) );
	}
	if ( array() !== $index['types'] ) {
		/* translators: %s: names of post types */
		$parts[] = sprintf( __( 'everything of the types %s', 'gatepost' ), implode( ', ', $index['types'] ) );
	}
	if ( array() !== $index['terms'] ) {
		/* translators: %s: names of categories and tags */
		$parts[] = sprintf( __( 'everything in %s', 'gatepost' ), implode( ', ', array_map( 'Gatepost\term_name', $index['terms'] ) ) );
	}
	if ( array() !== $index['urls'] ) {
		/* translators: %s: patterns such as /members/* */
		$parts[] = sprintf( __( 'all pages under %s', 'gatepost' ), implode( ', ', $index['urls'] ) );
	}
	/* translators: %s: a list of what is protected */
	return sprintf( __( 'While Gatepost is deactivated, everybody can read: %s. The must-use guard in the plugin’s folder mu-plugin keeps it closed.', 'gatepost' ), implode( '; ', $parts ) );
}

function term_name( int $term_id ): string {
	$term = get_term( $term_id );
	return $term instanceof \WP_Term ? $term->name : "#{$term_id}";
}

/** Filter `plugin_action_links_…`. */
function add_health_link( array $links ): array {
	if ( current_user_can( 'view_site_health_checks' ) ) {
		array_unshift( $links, sprintf( '<a href="%s">%s</a>', esc_url( admin_url( 'site-health.php' ) ), esc_html__( 'Site Health', 'gatepost' ) ) );
	}
	return $links;
}
