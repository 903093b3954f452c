<?php
/**
 * Changes that others hear of, and that therefore happen once: mail through the site's own wp_mail(), and `mm_*` actions.
 *
 * What was done is remembered for a day. The sidecar repeats a change only while it has not heard that it is done.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

const DONE_ONCE_SECONDS = DAY_IN_SECONDS;

/** No mail server takes longer; a worker that died while sending is given up then. */
const MAIL_SENDING_SECONDS = 300;

/** Headers that wp_mail() makes itself. */
const MADE_MAIL_HEADERS = array( 'to', 'subject', 'content-type', 'content-transfer-encoding', 'mime-version', 'message-id', 'date' );

/** Send a mail; '' when it is sent, or was before. */
function change_mail( array $change ): string {
	$mail = array_filter( $change, 'is_string' ) + array_fill_keys( array( 'to', 'subject', 'text', 'html', 'message_id' ), '' );
	$key  = hash( 'sha256', $change['id'] );
	if ( null !== memory( 'changes' )->recall( "mail-sent-{$key}" ) ) {
		return '';
	}
	if ( ! is_email( $mail['to'] ) || '' === $mail['html'] . $mail['text'] ) {
		return __( 'This mail has no right address, or nothing in it.', 'gatepost' );
	}
	if ( ! memory( 'changes' )->claim( "mail-sending-{$key}", MAIL_SENDING_SECONDS ) ) {
		return __( 'This mail is being sent at this moment.', 'gatepost' );
	}
	try {
		$is_sent = send_mail( $mail, (array) ( $change['headers'] ?? array() ) );
	} finally {
		memory( 'changes' )->drop( "mail-sending-{$key}" );
	}
	if ( ! $is_sent ) {
		return __( 'WordPress could not send this mail.', 'gatepost' );
	}
	memory( 'changes' )->remember( "mail-sent-{$key}", 1, DONE_ONCE_SECONDS );
	return '';
}

function send_mail( array $mail, array $headers ): bool {
	$lines   = mail_header_lines( $headers );
	$lines[] = 'Content-Type: ' . ( '' === $mail['html'] ? 'text/plain' : 'text/html' ) . '; charset=UTF-8';
	mail_in_hand( $mail );
	try {
		return (bool) wp_mail( $mail['to'], $mail['subject'], '' === $mail['html'] ? $mail['text'] : $mail['html'], $lines );
	} finally {
		mail_in_hand( array() );
		leave_no_trace_in_mailer();
	}
}

/** Name => value as lines of one header each; whatever would begin another is left out. */
function mail_header_lines( array $headers ): array {
	$lines = array();
	foreach ( $headers as $name => $value ) {
		$is_sound = is_string( $value ) && 1 === preg_match( '/\A[A-Za-z][A-Za-z-]*\z/', (string) $name ) && 0 === preg_match( '/[\r\n\0]/', $value );
		if ( $is_sound && ! in_array( strtolower( $name ), MADE_MAIL_HEADERS, true ) ) {
			$lines[] = "{$name}: {$value}";
		}
	}
	return $lines;
}

/** The mail that we are sending at this moment; an empty array for none. */
function mail_in_hand( ?array $now = null ): array {
	static $mail = array();
	$mail = $now ?? $mail;
	return $mail;
}

/** On `phpmailer_init`: what wp_mail() has no argument for. Others' mail passes untouched. */
function complete_mail( $mailer ): void {
	$mail = mail_in_hand();
	if ( array() === $mail ) {
		return;
	}
	if ( '' !== $mail['html'] ) {
		$mailer->AltBody = $mail['text']; // phpcs:ignore WordPress.NamingConventions.ValidVariableName -- PHPMailer's.
	}
	if ( '' !== $mail['message_id'] ) {
		$mailer->MessageID = '<' . trim( $mail['message_id'], '<>' ) . '>'; // phpcs:ignore WordPress.NamingConventions.ValidVariableName -- PHPMailer's.
	}
}

/** WordPress sends all mail of a request with one PHPMailer, and does not take back what it was told. */
function leave_no_trace_in_mailer(): void {
	global $phpmailer;
	if ( is_object( $phpmailer ) && isset( $phpmailer->MessageID, $phpmailer->AltBody ) ) {
		$phpmailer->MessageID = ''; // phpcs:ignore WordPress.NamingConventions.ValidVariableName -- PHPMailer's.
		$phpmailer->AltBody   = ''; // phpcs:ignore WordPress.NamingConventions.ValidVariableName -- PHPMailer's.
	}
}

/**
 * Fire one of MemberMouse's actions; '' when it is fired, or was before. One whose listener threw is not fired again:
 * others have heard it. What listeners change is their doing, and is told to the sidecar.
 */
function change_action( array $change ): string {
	$name = $change['name'] ?? '';
	if ( ! is_string( $name ) || 1 !== preg_match( '/\Amm_[a-z_]+\z/', $name ) ) {
		return __( 'This is not an action that Gatepost fires.', 'gatepost' );
	}
	if ( ! memory( 'changes' )->claim( 'action-' . hash( 'sha256', $change['id'] ), DONE_ONCE_SECONDS ) ) {
		return '';
	}
	is_applying_changes( false );
	try {
		do_action( $name, (array) ( $change['data'] ?? array() ) ); // phpcs:ignore WordPress.NamingConventions -- its prefix is checked above.
	} finally {
		is_applying_changes( true );
	}
	return '';
}
