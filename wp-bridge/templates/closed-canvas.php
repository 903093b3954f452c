<?php
/**
 * The page of a post that this viewer may not read, in a block theme: its header and footer, the title, the teaser.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

// Blocks run before wp_head(), which prints the styles they need.
$gatepost_header = do_blocks( template_part_block( 'header' ) );
$gatepost_title  = do_blocks( '<!-- wp:post-title {"level":1} /-->' );
$gatepost_main   = closed_page_html();
$gatepost_footer = do_blocks( template_part_block( 'footer' ) );
// phpcs:disable WordPress.Security.EscapeOutput -- rendered blocks; the notice is HTML, the lead is content.
?>
<!DOCTYPE html>
<html <?php language_attributes(); ?>>
<head>
	<meta charset="<?php bloginfo( 'charset' ); ?>" />
	<?php wp_head(); ?>
</head>
<body <?php body_class( 'gatepost-closed' ); ?>>
<?php wp_body_open(); ?>
<div class="wp-site-blocks">
	<?php echo $gatepost_header; ?>
	<main class="wp-block-group has-global-padding is-layout-constrained wp-block-group-is-layout-constrained">
		<?php echo $gatepost_title; ?>
		<div class="entry-content wp-block-post-content has-global-padding is-layout-constrained">
			<?php echo $gatepost_main; ?>
		</div>
	</main>
	<?php echo $gatepost_footer; ?>
</div>
<?php wp_footer(); ?>
</body>
</html>
