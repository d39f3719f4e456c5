/**
 * Gives mediasoup-worker the three names it uses of ankerl::unordered_dense (no Debian 12 package)
 * over Abseil's flat hash tables, which are as flat, as fast and as free with the order of their
 * elements, and which, like the original, move elements when they grow.
 */
#ifndef PARLEY_COMPAT_ANKERL_UNORDERED_DENSE_H
#define PARLEY_COMPAT_ANKERL_UNORDERED_DENSE_H

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <functional>
#include <utility>

namespace ankerl::unordered_dense
{
	// Must mix well by itself: Abseil takes bits of the result as they are.
	template<typename T>
	using hash = absl::Hash<T>;

	// Abseil's erase(iterator) returns nothing, while the worker goes on from the next element.
	template<typename Table>
	struct Erasing : Table
	{
		using Table::Table;
		using Table::erase;

		auto erase(typename Table::iterator it)
		{
			Table::erase(it++);

			return it;
		}
	};

	template<typename Key, typename T, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using map = Erasing<absl::flat_hash_map<Key, T, Hash, Equal>>;

	template<typename Key, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using set = Erasing<absl::flat_hash_set<Key, Hash, Equal>>;
} // namespace ankerl::unordered_dense

#endif
