<?php
/** PHP's own date(): one JSON object a line (timestamp with microseconds, zone, letters), one printed date a line. */

while ( false !== ( $line = fgets( STDIN ) ) ) {
	$question = json_decode( $line, true );
	$moment   = DateTime::createFromFormat( 'U.u', $question['timestamp'] );
	$moment->setTimezone( new DateTimeZone( $question['zone'] ) );
	echo json_encode( array( 'date' => $moment->format( $question['letters'] ) ) ) . "\n";
}
