<?php
/**
 * Tag functions for themes and other plugins, under the names that MemberMouse users know: the attributes of the tag as an
 * array. Decisions answer true or false; data and links are escaped for HTML text and quoted attributes.
 *
 * Loaded on `plugins_loaded`, last; a function that somebody else has defined stays his.
 *
 * @package Gatepost
 */

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.NamingConventions.PrefixAllGlobals -- these names are the interface.

if ( ! function_exists( 'mm_member_data' ) ) {
	function mm_member_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Member_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_member_decision' ) ) {
	function mm_member_decision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Member_Decision', $attributes );
	}
}

if ( ! function_exists( 'mm_access_decision' ) ) {
	function mm_access_decision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Access_Decision', $attributes );
	}
}

if ( ! function_exists( 'mm_content_data' ) ) {
	function mm_content_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Content_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_content_link' ) ) {
	function mm_content_link( $attributes = array() ): string {
		return \Gatepost\tag_url( 'MM_Content_Link', $attributes );
	}
}

if ( ! function_exists( 'mm_corepage_link' ) ) {
	function mm_corepage_link( $attributes = array() ): string {
		return \Gatepost\tag_url( 'MM_CorePage_Link', $attributes );
	}
}

if ( ! function_exists( 'mm_member_link' ) ) {
	function mm_member_link( $attributes = array() ): string {
		return \Gatepost\tag_url( 'MM_Member_Link', $attributes );
	}
}

if ( ! function_exists( 'mm_purchase_link' ) ) {
	function mm_purchase_link( $attributes = array() ): string {
		return \Gatepost\tag_url( 'MM_Purchase_Link', $attributes );
	}
}

if ( ! function_exists( 'mm_order_data' ) ) {
	function mm_order_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Order_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_order_decision' ) ) {
	function mm_order_decision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Order_Decision', $attributes );
	}
}

if ( ! function_exists( 'mm_order_subdecision' ) ) {
	function mm_order_subdecision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Order_Subdecision', $attributes );
	}
}

if ( ! function_exists( 'mm_product_data' ) ) {
	function mm_product_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Product_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_customfield_data' ) ) {
	function mm_customfield_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_CustomField_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_employee_data' ) ) {
	function mm_employee_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Employee_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_affiliate_decision' ) ) {
	function mm_affiliate_decision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Affiliate_Decision', $attributes );
	}
}

if ( ! function_exists( 'mm_affiliate_data' ) ) {
	function mm_affiliate_data( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Affiliate_Data', $attributes );
	}
}

if ( ! function_exists( 'mm_custom_decision' ) ) {
	function mm_custom_decision( $attributes = array() ): bool {
		return \Gatepost\tag_holds( 'MM_Custom_Decision', $attributes );
	}
}

if ( ! function_exists( 'mm_error_message' ) ) {
	function mm_error_message( $attributes = array() ): string {
		return \Gatepost\tag_text( 'MM_Error_Message', $attributes );
	}
}
