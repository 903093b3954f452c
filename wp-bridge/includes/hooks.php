<?php
/**
 * Every hook of the plugin, in one place.
 *
 * @package Gatepost
 */

namespace Gatepost;

defined( 'ABSPATH' ) || exit;

/** Hang everything on WordPress. */
function bootstrap(): void {
	register_activation_hook( GATEPOST_FILE, 'Gatepost\refuse_network_activation' );
	register_deactivation_hook( GATEPOST_FILE, 'Gatepost\warn_on_the_command_line' );
	add_hooks();
}

function add_hooks(): void {
	// Plumbing: begin.
	add_action( 'init', 'Gatepost\load_translations' );
	add_action( 'init', 'Gatepost\upgrade_spool', 1 );
	add_action( 'init', 'Gatepost\want_an_index', 1 );
	add_action( 'shutdown', 'Gatepost\run_after_tasks', PHP_INT_MAX );
	add_action( 'add_option_gatepost_index', 'Gatepost\forget_index_memo' );
	add_action( 'update_option_gatepost_index', 'Gatepost\forget_index_memo' );
	add_action( 'delete_option_gatepost_index', 'Gatepost\forget_index_memo' );

	add_filter( 'authenticate', 'Gatepost\check_password_login', 100, 3 );
	add_action( 'wp_authenticate_application_password_errors', 'Gatepost\check_application_password', 10, 2 );
	add_action( 'admin_init', 'Gatepost\check_old_cookie_in_admin', 1 );
	add_filter( 'rest_authentication_errors', 'Gatepost\check_old_cookie_in_rest', 200 );
	add_filter( 'login_redirect', 'Gatepost\lead_after_login', 10, 3 );
	add_filter( 'retrieve_password_message', 'Gatepost\link_to_own_reset_page', 10, 3 );

	add_action( 'wp_login', 'Gatepost\note_login', 10, 2 );
	add_action( 'wp_login_failed', 'Gatepost\note_failed_login', 10, 2 );
	add_action( 'wp_logout', 'Gatepost\note_logout' );
	add_action( 'set_logged_in_cookie', 'Gatepost\note_first_sign_in', 10, 4 );
	add_action( 'profile_update', 'Gatepost\note_profile', 10, 2 );
	add_action( 'added_user_meta', 'Gatepost\note_profile_meta', 10, 3 );
	add_action( 'updated_user_meta', 'Gatepost\note_profile_meta', 10, 3 );
	add_action( 'deleted_user', 'Gatepost\note_deleted_user' );
	add_action( 'wpmu_delete_user', 'Gatepost\note_deleted_user' );
	add_action( 'set_user_role', 'Gatepost\note_role' );
	add_action( 'add_user_role', 'Gatepost\note_role' );
	add_action( 'remove_user_role', 'Gatepost\note_role' );

	add_action( 'rest_api_init', 'Gatepost\register_changes_route' );
	add_action( 'rest_api_init', 'Gatepost\register_health_route' );
	add_action( 'rest_api_init', 'Gatepost\register_webhooks_route' );
	add_action( 'rest_api_init', 'Gatepost\register_form_routes' );
	add_filter( 'rest_jsonp_enabled', 'Gatepost\forbid_jsonp' );
	add_action( 'wp_enqueue_scripts', 'Gatepost\enqueue_form_script' );
	add_action( 'wp_footer', 'Gatepost\enqueue_form_script', 1 );
	add_action( 'phpmailer_init', 'Gatepost\complete_mail' );
	add_filter( 'rest_pre_serve_request', 'Gatepost\serve_signed_answer', 10, 4 );

	add_action( 'init', 'Gatepost\serve_dashboard', 2 );
	add_action( 'init', 'Gatepost\serve_invoice', 3 );
	add_action( 'admin_menu', 'Gatepost\add_dashboard_menu' );
	add_action( 'load-toplevel_page_gatepost', 'Gatepost\sign_on_to_dashboard' );

	add_filter( 'site_status_tests', 'Gatepost\add_health_tests' );
	add_filter( 'debug_information', 'Gatepost\add_debug_information' );
	add_filter( 'wp_privacy_personal_data_exporters', 'Gatepost\add_exporter' );
	add_filter( 'wp_privacy_personal_data_erasers', 'Gatepost\add_eraser' );

	add_action( 'admin_notices', 'Gatepost\print_membermouse_notice' );
	add_action( 'admin_notices', 'Gatepost\print_network_notice' );
	add_action( 'network_admin_notices', 'Gatepost\print_network_notice' );
	add_action( 'after_plugin_row_' . plugin_basename( GATEPOST_FILE ), 'Gatepost\print_deactivation_warning' );
	add_filter( 'plugin_action_links_' . plugin_basename( GATEPOST_FILE ), 'Gatepost\add_health_link' );
	// Plumbing: end.

	// Doors: begin.
	add_action( 'plugins_loaded', 'Gatepost\load_tag_functions', PHP_INT_MAX );
	add_action( 'init', 'Gatepost\register_tags', 20 );
	add_filter( 'pre_do_shortcode_tag', 'Gatepost\print_tag', PHP_INT_MAX, 4 );

	add_filter( 'the_posts', 'Gatepost\show_query_posts', PHP_INT_MIN, 2 );
	add_filter( 'the_posts', 'Gatepost\show_query_posts', PHP_INT_MAX, 2 );
	add_filter( 'posts_pre_query', 'Gatepost\show_unfiltered_query', PHP_INT_MAX, 2 );
	add_filter( 'content_pagination', 'Gatepost\show_pages_of_a_post', PHP_INT_MIN, 2 );
	add_filter( 'get_pages_query_args', 'Gatepost\mark_pages_query', PHP_INT_MAX );
	add_filter( 'get_pages', 'Gatepost\show_listed_pages', PHP_INT_MAX, 2 );
	add_filter( 'wp_insert_post_data', 'Gatepost\keep_the_source', PHP_INT_MAX, 2 );

	add_filter( 'the_content', 'Gatepost\show_content', PHP_INT_MIN );
	add_filter( 'the_content', 'Gatepost\close_content', PHP_INT_MAX );
	add_filter( 'the_content_feed', 'Gatepost\close_content', PHP_INT_MAX );
	add_filter( 'get_the_excerpt', 'Gatepost\show_excerpt', PHP_INT_MIN, 2 );
	add_filter( 'get_the_excerpt', 'Gatepost\close_excerpt', PHP_INT_MAX );
	add_filter( 'the_excerpt', 'Gatepost\close_printed_excerpt', PHP_INT_MAX );
	add_filter( 'the_excerpt_embed', 'Gatepost\close_printed_excerpt', PHP_INT_MAX );
	add_filter( 'the_excerpt_rss', 'Gatepost\close_feed_excerpt', PHP_INT_MAX );
	add_filter( 'post_content', 'Gatepost\show_field', PHP_INT_MIN, 2 );
	add_filter( 'post_excerpt', 'Gatepost\show_field', PHP_INT_MIN, 2 );
	add_filter( 'rss_enclosure', 'Gatepost\hide_enclosure', PHP_INT_MAX );
	add_filter( 'atom_enclosure', 'Gatepost\hide_enclosure', PHP_INT_MAX );
	add_filter( 'get_post_galleries', 'Gatepost\hide_galleries', PHP_INT_MAX, 2 );
	add_filter( 'wp_get_attachment_caption', 'Gatepost\hide_caption', PHP_INT_MAX, 2 );

	add_action( 'init', 'Gatepost\choose_preview', 5 );
	add_action( 'admin_bar_menu', 'Gatepost\add_preview_link', 90 );
	add_action( 'wp_enqueue_scripts', 'Gatepost\enqueue_preview_style' );
	add_action( 'wp_footer', 'Gatepost\print_preview_bar', PHP_INT_MAX );

	add_action( 'save_post', 'Gatepost\forget_names_asked_for', 10, 2 );
	add_action( 'template_redirect', 'Gatepost\keep_arrival', PHP_INT_MIN );
	add_action( 'template_redirect', 'Gatepost\answer_the_page', PHP_INT_MIN );
	add_action( 'template_redirect', 'Gatepost\record_reading', PHP_INT_MAX );
	add_filter( 'pre_handle_404', 'Gatepost\keep_closed_from_404', PHP_INT_MAX );
	add_filter( 'template_include', 'Gatepost\show_template', PHP_INT_MAX - 1 );
	add_filter( 'template_include', 'Gatepost\choose_closed_template', PHP_INT_MAX );

	add_filter( 'widget_text', 'Gatepost\show_widget', PHP_INT_MIN );
	add_filter( 'widget_block_content', 'Gatepost\show_widget', PHP_INT_MIN );
	add_filter( 'widget_custom_html_content', 'Gatepost\show_widget', PHP_INT_MIN );
	add_filter( 'pre_render_block', 'Gatepost\render_pattern', 10, 2 );
	add_filter( 'pre_render_block', 'Gatepost\watch_latest_posts', PHP_INT_MAX, 2 );
	add_filter( 'render_block_core/latest-posts', 'Gatepost\leave_latest_posts', PHP_INT_MIN, 2 );
	add_filter( 'post_password_required', 'Gatepost\claim_a_password', PHP_INT_MAX, 2 );
	// While a Latest Posts block is rendered also: 'gettext', 'Gatepost\print_in_latest_posts'.
	add_filter( 'render_block_data', 'Gatepost\hide_first_image', PHP_INT_MAX );
	add_filter( 'render_block_data', 'Gatepost\drop_bindings', PHP_INT_MAX );
	add_filter( 'block_bindings_source_value', 'Gatepost\hide_bound_value', PHP_INT_MAX, 4 );
	add_filter( 'render_block', 'Gatepost\print_block_output', PHP_INT_MAX, 2 );
	add_filter( 'render_block_core/footnotes', 'Gatepost\show_footnotes', PHP_INT_MAX, 3 );
	add_filter( 'get_block_file_template', 'Gatepost\show_template_file', PHP_INT_MAX );

	add_filter( 'comments_open', 'Gatepost\close_comments', PHP_INT_MAX, 2 );
	add_filter( 'pings_open', 'Gatepost\close_comments', PHP_INT_MAX, 2 );
	add_filter( 'the_comments', 'Gatepost\show_comments', PHP_INT_MAX );
	add_filter( 'comment_text', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'get_comment_text', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'comment_excerpt', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'get_comment_excerpt', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'comment_author', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'get_comment_author', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'comment_url', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'get_comment_author_url', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'get_search_query', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'the_search_query', 'Gatepost\print_visitors_text', PHP_INT_MIN );
	add_filter( 'comment_text', 'Gatepost\close_comment_text', PHP_INT_MAX, 2 );
	add_filter( 'get_comment_text', 'Gatepost\close_comment_text', PHP_INT_MAX, 2 );
	add_filter( 'comment_excerpt', 'Gatepost\close_comment_text', PHP_INT_MAX, 2 );
	add_filter( 'get_comment_excerpt', 'Gatepost\close_comment_text', PHP_INT_MAX, 2 );
	add_filter( 'get_comments_number', 'Gatepost\close_comments_number', PHP_INT_MAX, 2 );

	add_action( 'pre_get_posts', 'Gatepost\keep_search_filtered', PHP_INT_MAX );
	add_filter( 'posts_search', 'Gatepost\restrict_search', PHP_INT_MAX, 2 );
	add_filter( 'posts_search_orderby', 'Gatepost\order_search_by_title', PHP_INT_MAX, 2 );
	add_action( 'pre_get_comments', 'Gatepost\part_comment_searches', PHP_INT_MAX );
	add_filter( 'comments_clauses', 'Gatepost\restrict_comment_search', PHP_INT_MAX, 2 );

	add_filter( 'rest_request_before_callbacks', 'Gatepost\enter_rest_request', PHP_INT_MIN, 3 );
	add_filter( 'rest_request_after_callbacks', 'Gatepost\count_shown_comments', PHP_INT_MAX, 3 );
	add_filter( 'rest_request_after_callbacks', 'Gatepost\leave_rest_request', PHP_INT_MAX );
	add_action( 'rest_api_init', 'Gatepost\hook_rest_types', PHP_INT_MAX );
	add_filter( 'rest_prepare_comment', 'Gatepost\show_comment_in_rest', PHP_INT_MAX, 2 );
	add_filter( 'rest_post_dispatch', 'Gatepost\send_rest_cache_headers', PHP_INT_MAX );
	// Doors: end.
}
