<?php
/**
 * The page of a post that this viewer may not read, in a classic theme.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

get_header();
?>
<main id="main" class="site-main gatepost-closed">
	<article <?php post_class(); ?>>
		<header class="entry-header">
			<h1 class="entry-title"><?php single_post_title(); ?></h1>
		</header>
		<div class="entry-content">
			<?php echo closed_page_html(); // phpcs:ignore WordPress.Security.EscapeOutput -- the notice is HTML, the lead is content. ?>
		</div>
	</article>
</main>
<?php
get_footer();
