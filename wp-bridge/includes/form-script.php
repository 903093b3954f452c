<?php
/**
 * Script and style of forms, only on pages that hold one.
 *
 * Whether a page does is read in the sidecar's answers and not in the finished page: so it is known before the first
 * byte as a rule, and nobody else's markup brings the script in.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** What every form that the sidecar renders begins with. */
const FORM_MARK = 'data-gatepost-form';

/** Whether these parts of an answer hold a form. */
function has_a_form( array $parts ): bool {
	$found = false;
	array_walk_recursive(
		$parts,
		static function ( $value ) use ( &$found ): void {
			$found = $found || ( is_string( $value ) && false !== strpos( $value, FORM_MARK ) );
		}
	);
	return $found;
}

/** On `wp_enqueue_scripts`, and on `wp_footer` for what was asked for since. */
function enqueue_form_script(): void {
	if ( ! page()->has_form ) {
		return;
	}
	$needs = array();
	foreach ( array( 'form-courier', 'form-messages', 'forms' ) as $script ) {
		wp_enqueue_script( "gatepost-{$script}", plugins_url( "assets/{$script}.js", GATEPOST_FILE ), $needs, GATEPOST_VERSION, true );
		$needs[] = "gatepost-{$script}";
	}
	wp_enqueue_style( 'gatepost-forms', plugins_url( 'assets/forms.css', GATEPOST_FILE ), array(), GATEPOST_VERSION );
}
