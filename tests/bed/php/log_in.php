<?php
$user       = get_user_by( 'login', $args[0] ) ?: throw new RuntimeException( "no user {$args[0]}" );
$expiration = time() + DAY_IN_SECONDS;
$token      = WP_Session_Tokens::get_instance( $user->ID )->create( $expiration );
echo wp_json_encode(
	array(
		AUTH_COOKIE      => wp_generate_auth_cookie( $user->ID, $expiration, 'auth', $token ),
		LOGGED_IN_COOKIE => wp_generate_auth_cookie( $user->ID, $expiration, 'logged_in', $token ),
	)
);
