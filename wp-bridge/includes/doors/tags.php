<?php
/**
 * SmartTags as far as the plugin knows them: their names, how an answer's splices are applied, how a tag is taken
 * out of a text while nobody can say what it prints.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Registered with WordPress, or wptexturize would curl the quotes of their attributes. */
const TAG_NAMES = array(
	'MM_Member_Data',
	'MM_Member_Decision',
	'MM_Access_Decision',
	'MM_Content_Data',
	'MM_Content_Link',
	'MM_CorePage_Link',
	'MM_Member_Link',
	'MM_Purchase_Link',
	'MM_Order_Data',
	'MM_Order_Decision',
	'MM_Order_Subdecision',
	'MM_Product_Data',
	'MM_CustomField_Data',
	'MM_Employee_Data',
	'MM_Affiliate_Decision',
	'MM_Affiliate_Data',
	'MM_Custom_Decision',
	'MM_Error_Message',
	'MM_Mail_Data',
	'MM_Mail_Decision',
	'MM_Mail_Details',
	'MM_Form',
	'MM_Form_Section',
	'MM_Form_Subsection',
	'MM_Form_Field',
	'MM_Form_Data',
	'MM_Form_Message',
	'MM_Form_Button',
	'MM_Else',
);

/** What every SmartTag begins with: a text without it is never looked at closer. */
const TAG_START = '[MM_';

/** On `init`, late: a name that somebody else has registered stays his. */
function register_tags(): void {
	foreach ( TAG_NAMES as $name ) {
		if ( owns_tags() && ! shortcode_exists( $name ) ) {
			add_shortcode( $name, 'Gatepost\print_nothing' );
		}
	}
}

/** The tags' own callback; what a tag prints comes from `pre_do_shortcode_tag`, which has its whole text. */
function print_nothing(): string {
	return '';
}

function has_tags( string $text ): bool {
	return false !== strpos( $text, TAG_START ) && owns_tags();
}

/** Beside an active MemberMouse the tags are its own. */
function owns_tags(): bool {
	static $owns = null;
	$owns = $owns ?? ! is_beside_membermouse();
	return $owns;
}

/**
 * Apply an answer's splices, array( start, end, replacement ) in bytes of the source.
 *
 * @param mixed $splices As the answer has them.
 * @return string|null Null when they do not fit the source: then nothing of them is used.
 */
function apply_splices( string $source, $splices ): ?string {
	if ( ! is_array( $splices ) ) {
		return null;
	}
	$rendered = '';
	$at       = 0;
	foreach ( $splices as $splice ) {
		if ( ! is_splice( $splice ) || $splice[0] < $at || $splice[1] < $splice[0] || $splice[1] > strlen( $source ) ) {
			return null;
		}
		$rendered .= substr( $source, $at, $splice[0] - $at ) . $splice[2];
		$at        = $splice[1];
	}
	return $rendered . substr( $source, $at );
}

function is_splice( $splice ): bool {
	return is_array( $splice ) && 3 === count( $splice ) && isset( $splice[0], $splice[1], $splice[2] )
		&& is_int( $splice[0] ) && is_int( $splice[1] ) && is_string( $splice[2] );
}

/**
 * Take our tags out of a text: decision tags, sections and whole forms with all they enclose, the others alone.
 *
 * A decision that is never closed takes the rest of the text with it, and a text that cannot be read becomes empty:
 * better too little than a branch that was meant for somebody else. HTML comments (also the block editor's) stay.
 */
function without_tags( string $text ): string {
	if ( ! has_tags( $text ) ) {
		return $text;
	}
	$pattern = '/<!--.*?-->|(\[?)\[(\/?)(' . implode( '|', TAG_NAMES ) . ')(?![\w-])([^\]]*)\](\]?)/s';
	if ( false === preg_match_all( $pattern, $text, $found, PREG_SET_ORDER | PREG_OFFSET_CAPTURE ) ) {
		return '';
	}
	$kept = '';
	$at   = 0;
	$open = array(); // Names of the decisions that enclose this place.
	foreach ( $found as $match ) {
		if ( ! isset( $match[3] ) ) {
			continue; // A comment.
		}
		if ( array() === $open ) {
			$kept .= substr( $text, $at, $match[0][1] - $at ) . literal_part( $match );
		}
		$at = $match[0][1] + strlen( $match[0][0] );
		if ( 'MM_Form' !== $match[3][0] || is_within_form( $text, $at, $open, $match ) ) {
			$open = enclosing_after( $open, $match );
		}
	}
	return array() === $open ? $kept . substr( $text, $at ) : $kept;
}

/**
 * What stays of a matched tag: `[[tag]]` is text for the reader, a single bracket beside a tag is text as well. The
 * entity has three digits, as WordPress turns `&#91;` back into a bracket.
 */
function literal_part( array $match ): string {
	if ( is_escaped_tag( $match ) ) {
		return '&#091;' . substr( $match[0][0], 2, -1 );
	}
	return $match[1][0] . $match[5][0];
}

function is_escaped_tag( array $match ): bool {
	return '[' === $match[1][0] && ']' === $match[5][0];
}

/**
 * Make harmless what looks like tags in a finished text: nobody can tell any more who wrote it, and it must not run
 * for whoever reads it. Whole decisions vanish with what they enclose, which may have been meant for somebody else.
 */
function with_inert_tags( string $html ): string {
	return might_hold_tags( $html ) ? tags_as_text( without_whole_decisions( $html ) ) : $html;
}

/** What somebody wrote who is not the author of the page: a tag in it is text, however its bracket is written. */
function tags_as_text( string $text ): string {
	if ( ! might_hold_tags( $text ) ) {
		return $text;
	}
	return (string) preg_replace( '~(?:\[|&#0*91;|&#x0*5b;|&l(?:brack|sqb);)(?=/?MM_)~i', '&#091;', $text );
}

/** As has_tags(), and for brackets that WordPress would decode later. */
function might_hold_tags( string $text ): bool {
	return false !== strpos( $text, 'MM_' ) && owns_tags();
}

/** Take out decisions that are opened and closed, the innermost first. */
function without_whole_decisions( string $html ): string {
	$decision = '(?:MM_\w+?_(?:(?:D|Subd)ecision|(?:S|Subs)ection)|MM_Form)(?![\w-])';
	do {
		$html = (string) preg_replace( "~\[({$decision})[^\]]*+\](?:(?!\[/?{$decision}).)*+\[/\\1\]~s", '', $html, -1, $found );
	} while ( $found > 0 );
	return $html;
}

/** Whether this tag of a form begins or ends one that encloses something: a bare one does not, nor one within another. */
function is_within_form( string $text, int $at, array $open, array $match ): bool {
	return '/' === $match[2][0] || ( ! in_array( 'MM_Form', $open, true ) && false !== strpos( $text, '[/MM_Form]', $at ) );
}

/** Whether what stands between a tag and its closer is nothing without it: a branch that is another viewer's, a part of a form. */
function encloses_for_its_viewer( string $name ): bool {
	return 'MM_Form' === $name || 1 === preg_match( '/(?:ecis|ect)ion\z/', $name );
}

/** Which of them are open after this tag. */
function enclosing_after( array $open, array $match ): array {
	$name = $match[3][0];
	if ( is_escaped_tag( $match ) || ! encloses_for_its_viewer( $name ) ) {
		return $open;
	}
	if ( '/' === $match[2][0] ) {
		$opener = array_search( $name, array_reverse( $open, true ), true );
		return false === $opener ? $open : array_slice( $open, 0, $opener );
	}
	return '/' === substr( $match[4][0], -1 ) ? $open : array_merge( $open, array( $name ) );
}
