<?php
// The bed's sendmail: one file a mail in the site's folder, whole or not at all.
$folder = getenv( 'BED_SITE' ) . '/mail';
$name   = sprintf( '%s/%.6f-%d', $folder, microtime( true ), getmypid() );
file_put_contents( "$name.part", file_get_contents( 'php://stdin' ) );
rename( "$name.part", "$name.eml" );
