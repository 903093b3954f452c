<?php
/**
 * Plugin Name:       Gatepost
 * Description:       Paid membership for this site: the bridge to the Gatepost service that runs beside WordPress.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       gatepost
 * Domain Path:       /languages
 *
 * The plugin translates between WordPress and the service (the sidecar) and decides nothing: docs/protocol.md
 * says what the two tell each other. Every hook stands in includes/hooks.php.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

if ( defined( 'GATEPOST_VERSION' ) ) {
	return; // A second copy of the plugin, in another folder. So this file declares no function: PHP would do so first.
}

define( 'GATEPOST_VERSION', '0.1.0' );
define( 'GATEPOST_FILE', __FILE__ );
define( 'GATEPOST_DIR', __DIR__ );

/** How long a visitor may wait for the sidecar, and for the connection to it. Both may be set in wp-config.php. */
defined( 'GATEPOST_TIMEOUT_MS' ) || define( 'GATEPOST_TIMEOUT_MS', 1500 );
defined( 'GATEPOST_CONNECT_MS' ) || define( 'GATEPOST_CONNECT_MS', 250 );

require __DIR__ . '/includes/signature.php';
require __DIR__ . '/includes/pairing.php';
require __DIR__ . '/includes/memory.php';
require __DIR__ . '/includes/breaker.php';
require __DIR__ . '/includes/client.php';
require __DIR__ . '/includes/after.php';
require __DIR__ . '/includes/viewer.php';
require __DIR__ . '/includes/rule-index.php';
require __DIR__ . '/includes/spool.php';
require __DIR__ . '/includes/events.php';
require __DIR__ . '/includes/sessions.php';
require __DIR__ . '/includes/login.php';
require __DIR__ . '/includes/changes.php';
require __DIR__ . '/includes/changes-once.php';
require __DIR__ . '/includes/changes-pages.php';
require __DIR__ . '/includes/changes-route.php';
require __DIR__ . '/includes/webhooks.php';
require __DIR__ . '/includes/forms.php';
require __DIR__ . '/includes/form-tokens.php';
require __DIR__ . '/includes/form-users.php';
require __DIR__ . '/includes/form-signing-in.php';
require __DIR__ . '/includes/form-profile.php';
require __DIR__ . '/includes/form-script.php';
require __DIR__ . '/includes/answers.php';
require __DIR__ . '/includes/arrival.php';
require __DIR__ . '/includes/preview.php';
require __DIR__ . '/includes/tag-calls.php';
require __DIR__ . '/includes/health.php';
require __DIR__ . '/includes/privacy.php';
require __DIR__ . '/includes/dashboard.php';
require __DIR__ . '/includes/invoices.php';
require __DIR__ . '/includes/citizen.php';

foreach ( (array) glob( __DIR__ . '/includes/doors/*.php' ) as $door ) {
	require $door;
}

require __DIR__ . '/includes/hooks.php';

bootstrap();
