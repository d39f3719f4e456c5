/**
 * Lets mediasoup-worker, which is written for libsrtp 3, use the distribution's libsrtp 2.
 *
 * Only what the worker calls is here. The ciphers, the replay window and the streams are all
 * libsrtp 2's; this header changes the shape of the calls and holds no state, so it is exactly as
 * thread-safe as the library (one session is used by one thread).
 */
#ifndef PARLEY_COMPAT_SRTP_H
#define PARLEY_COMPAT_SRTP_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <openssl/crypto.h> // OPENSSL_cleanse()

// libsrtp 2 has a plain struct by the first name, libsrtp 3 an opaque pointer. libsrtp 2.8 has the
// second name, too.
#define srtp_policy_t parley_srtp2_policy_t
#define srtp_err_status_cryptex_err parley_srtp2_err_status_cryptex_err
#include <srtp2/srtp.h>
#undef srtp_policy_t
#undef srtp_err_status_cryptex_err

// Two errors of libsrtp 3, with the last numbers that fit the enum: no libsrtp 2 gives them.
inline constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(30);
inline constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(31);

struct parley_srtp_policy
{
	parley_srtp2_policy_t policy{};
	srtp_profile_t profile{ srtp_profile_reserved };
	uint8_t key[SRTP_MAX_KEY_LEN]{};
};

typedef parley_srtp_policy* srtp_policy_t;

inline srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) parley_srtp_policy;

	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

inline void srtp_policy_destroy(srtp_policy_t policy)
{
	if (policy)
	{
		OPENSSL_cleanse(policy->key, sizeof(policy->key));
	}

	delete policy;
}

inline srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

// For aes128_cm_sha1_32 libsrtp 2 gives RTCP the 80-bit tag here, as RFC 3711 section 5.2 demands.
inline srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	srtp_err_status_t err = srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	if (err == srtp_err_status_ok)
	{
		err = srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
	}

	if (err == srtp_err_status_ok)
	{
		policy->profile = profile;
	}

	return err;
}

// One key, no MKI: the worker never uses more. libsrtp 2 wants key and salt in one piece.
inline srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLen,
  const uint8_t* salt,
  size_t saltLen,
  const uint8_t* /*mki*/,
  size_t mkiLen)
{
	// A key of another length than the profile's would make libsrtp 2 read past its end.
	if (
	  mkiLen != 0 || policy->policy.key != nullptr || keyLen + saltLen > sizeof(policy->key) ||
	  keyLen != srtp_profile_get_master_key_length(policy->profile) ||
	  saltLen != srtp_profile_get_master_salt_length(policy->profile))
	{
		return srtp_err_status_bad_param;
	}

	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow ? 1 : 0;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t size)
{
	policy->policy.window_size = size;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	// Without a key libsrtp 2 would read a null pointer.
	if (!policy->policy.key)
	{
		return srtp_err_status_bad_param;
	}

	// libsrtp 2 derives the session keys here and keeps no pointer into the policy.
	return srtp_create(session, static_cast<const parley_srtp2_policy_t*>(&policy->policy));
}

// Both take the SSRC in network byte order, which is what the worker passes.
inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

namespace parley_srtp
{
	// The tag and, if there were one, the MKI.
	inline constexpr size_t RtpGrowth{ SRTP_MAX_TRAILER_LEN };
	// SRTCP also carries its 32-bit index (RFC 3711 section 3.4).
	inline constexpr size_t RtcpGrowth{ SRTP_MAX_TRAILER_LEN + sizeof(uint32_t) };
	// No UDP datagram is longer; it also keeps the cast to int below honest.
	inline constexpr size_t MaxPacketLen{ 65535 };

	// libsrtp 2 works in place and is told no capacity. libsrtp 3 reads one buffer and writes
	// another (or the same one), whose room is in *outLen. `growth` is what libsrtp 2 may append.
	inline srtp_err_status_t inPlace(
	  srtp_err_status_t (*transform)(srtp_t, void*, int*),
	  srtp_t session,
	  const uint8_t* in,
	  size_t inLen,
	  uint8_t* out,
	  size_t* outLen,
	  size_t growth)
	{
		if (inLen > MaxPacketLen)
		{
			return srtp_err_status_bad_param;
		}

		if (*outLen < inLen + growth)
		{
			return srtp_err_status_buffer_small;
		}

		if (out != in)
		{
			std::memmove(out, in, inLen);
		}

		int len                     = static_cast<int>(inLen);
		const srtp_err_status_t err = transform(session, out, &len);

		if (err == srtp_err_status_ok)
		{
			*outLen = static_cast<size_t>(len);
		}

		return err;
	}
} // namespace parley_srtp

// Below, passing an overloaded name to inPlace() picks libsrtp 2's function of that name.
// The MKI index is unused because no key has an MKI.

inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* rtp, size_t rtpLen, uint8_t* srtp, size_t* srtpLen, size_t /*mki*/)
{
	return parley_srtp::inPlace(
	  ::srtp_protect, session, rtp, rtpLen, srtp, srtpLen, parley_srtp::RtpGrowth);
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* srtp, size_t srtpLen, uint8_t* rtp, size_t* rtpLen)
{
	return parley_srtp::inPlace(::srtp_unprotect, session, srtp, srtpLen, rtp, rtpLen, 0);
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* rtcp, size_t rtcpLen, uint8_t* srtcp, size_t* srtcpLen, size_t /*mki*/)
{
	return parley_srtp::inPlace(
	  ::srtp_protect_rtcp, session, rtcp, rtcpLen, srtcp, srtcpLen, parley_srtp::RtcpGrowth);
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* srtcp, size_t srtcpLen, uint8_t* rtcp, size_t* rtcpLen)
{
	return parley_srtp::inPlace(::srtp_unprotect_rtcp, session, srtcp, srtcpLen, rtcp, rtcpLen, 0);
}

#endif
